"""The ways in (command line, worker) and the wiring that joins the layers into processes."""
