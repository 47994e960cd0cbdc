"""Recipe and catalog to plan, plan to run directory."""
