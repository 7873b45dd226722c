"""`papercoder execute`, `papercoder debug` and `papercoder doctor`: running what was generated."""
