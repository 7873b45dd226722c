"""Tables and figures over the cells of an experiment, in the layout of the paper."""
