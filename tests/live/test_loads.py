"""What became of the configuration file each time it was read, and what is not in force now."""

from engine.live.loads import ConfigurationLoads


def test_what_is_not_in_force_is_kept_until_a_file_is_followed() -> None:
    loads = ConfigurationLoads()
    loads.followed(["routing does not take 5"])
    loads.refuse(["one fault", "another"])
    assert loads.status() == (("routing does not take 5",), 2), "what held before holds, with what it lacked"
    told = loads.figures()
    assert (told["configuration_not_taken"], told["configuration_last_load_successful"]) == (1, 0)
    loads.followed(["routing does not take 5"])
    assert loads.figures()["configuration_last_load_successful"] == 1, "be it in part"
    loads.followed([])
    assert loads.status() == ((), 0)
    assert loads.figures() == {
        "configuration_loads_whole": 1,
        "configuration_loads_in_part": 2,
        "configuration_loads_refused": 1,
        "configuration_last_load_successful": 1,
        "configuration_not_taken": 0,
    }
