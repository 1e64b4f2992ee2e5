"""paycanary: synthetic monitoring and incident detection for payment APIs. The floors are described in ARCHITECTURE.md."""
