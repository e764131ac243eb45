"""How often the system is right, on labelled data: tables for supervisors and for ``docs/accuracy.md``."""
