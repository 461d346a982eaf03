"""The doctor's checks, by what they look at. Each yields findings and may raise; who runs them is `doctor.py`."""
