"""State of the process: how it ends on a signal, and its temporary folders."""
