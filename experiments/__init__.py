"""Running the program: configuration, backbones, MLflow, benchmarks, and the command line."""
