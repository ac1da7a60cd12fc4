"""What all tests share: property tests without deadlines, so that a busy machine cannot make one fail."""

from hypothesis import HealthCheck, settings

settings.register_profile("trunkline", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("trunkline")
