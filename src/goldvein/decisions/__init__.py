"""Pure decisions on domain records: what to serve, deliver, promote, trust and alert about."""
