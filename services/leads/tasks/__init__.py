"""Long jobs: `python -m services.leads task NAME`. The common ones are in `chassis.tasks`."""
