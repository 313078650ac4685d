"""Small programs that are copied into the machine and run there: standard library only."""
