"""The line: claims that the rules do not allow, the draw, the public log."""

from __future__ import annotations

from tests.replays.forbidden_acts.act import Act

_ID = "decode(repeat('00', 12), 'hex')"

ACTS = [
    Act("forget people in line", "SELECT waiting_room.forget_people(now())", may=["worker"]),
    Act(
        "write a claim",
        f"""INSERT INTO waiting_room.pass (id, pass_id, claimed_at, number, queue, lane, gate, sequence)
            VALUES ({_ID}, gen_random_uuid(), now(), 1, 1, 0, 1, 1)""",
    ),
    Act(
        "let somebody in who is not called",
        f"""SELECT waiting_room.admit(1, {_ID}, gen_random_uuid(), now(), 9, 0, 1, 1, 0, 0)""",
        refused_as=["SL003"],
    ),
    Act("fill the admission", "UPDATE waiting_room.door SET new_level = 1000"),
    Act("let more people in a minute", "UPDATE waiting_room.door SET rate = 9999", may=["controller"]),
    Act(
        "move the frontier",
        "UPDATE waiting_room.queue SET frontier_window = 9999",
        may=["controller", "operator"],
    ),
    Act(
        "end a halt",
        "UPDATE waiting_room.queue SET halted_because = NULL",
        may=["controller", "operator", "console"],
    ),
    Act("write the public log", "INSERT INTO waiting_room.log_entry DEFAULT VALUES", may=["controller"]),
    Act("forget the public log", "DELETE FROM waiting_room.log_entry", may=["controller"]),
    Act("delete claims", "DELETE FROM waiting_room.pass"),
    Act(
        "say an operator's word in the log",
        """INSERT INTO waiting_room.to_log (queue, at, what, facts) VALUES (1, now(), 'operator', '{}')""",
        may=["controller", "operator", "console"],
    ),
    Act(
        "publish another draw",
        "UPDATE waiting_room.closed_window SET document = ''",
        may=["controller"],
    ),
    Act(
        "declare a gate dead",
        "INSERT INTO waiting_room.dead_gate VALUES (1, 1, 1)",
        may=["controller", "operator"],
    ),
    Act("take the controllers' lead", "SELECT waiting_room.take_lease('me', 60)", may=["controller"]),
    Act("read who is reminded", "SELECT contact_value FROM waiting_room.reminder", may=["site", "worker"]),
]
