"""This process among others: how it ends on a signal, and its temporary folders."""
