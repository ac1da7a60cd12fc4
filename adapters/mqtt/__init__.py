"""The MQTT adapter: facts in by topic, results, states, events and effects out, through a broker."""
