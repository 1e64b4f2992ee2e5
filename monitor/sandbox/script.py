"""The demo's story: health, a partial failure, recovery; told by turning the same knobs that the fault API turns."""

from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

from monitor.model.text import Text
from monitor.sandbox.faults import Board, parse

OWNER = "script"
#: The story repeats so rarely that a visitor sees a quiet service most of the time.
REPEAT_SECONDS = 15 * 60.0

#: A gateway answers in some tens of milliseconds, and never twice in the same time.
_EVERYDAY: dict[str, Any] = {"knob": "slow", "median_seconds": 0.06, "sigma": 0.35, "most_seconds": 1.0}
#: About two thirds of one gateway's requests for money fail (1 - 0.6 * 0.6), some at the gateway and some behind it; the other gateway
#: stays healthy, so that what is seen is one cause.
_PARTIAL: tuple[dict[str, Any], ...] = (
    {"knob": "error_before", "dialect": "mastercard", "operation": ["authorise", "pay"], "share": 0.4},
    {
        "knob": "decline",
        "dialect": "mastercard",
        "operation": ["authorise", "pay"],
        "share": 0.4,
        "decision": "acquirer_system_error",
    },
)


class Scene(NamedTuple):
    at_seconds: float  # since the story began
    faults: tuple[dict[str, Any], ...]
    says: Text


DEMO: tuple[Scene, ...] = (
    Scene(0.0, (_EVERYDAY,), Text("both gateways are healthy", "两个网关均运行正常")),
    Scene(
        20.0,
        (_EVERYDAY, *_PARTIAL),
        Text(
            "about two thirds of the Mastercard Gateway's authorisations and payments now fail",
            "Mastercard 网关约三分之二的预授权和支付请求开始失败",
        ),
    ),
    # Long enough to be told from a short trouble, which is nobody's ticket, also on a busy machine; its triage needs some seconds more.
    Scene(95.0, (_EVERYDAY,), Text("the Mastercard Gateway has recovered", "Mastercard 网关已恢复正常")),
)

SCRIPTS: dict[str, tuple[Scene, ...]] = {"none": (), "demo": DEMO}


async def play(
    scenes: tuple[Scene, ...],
    board: Board,
    clock: Callable[[], float],
    sleep: Callable[[float], Awaitable[None]],
    announce: Callable[[str], None],
) -> None:
    """Turn the knobs scene by scene, for ever. Faults set by others stay."""
    begins = clock()
    while scenes:
        for scene in scenes:
            await sleep(max(0.0, begins + scene.at_seconds - clock()))
            board.replace(OWNER, [parse(fault) for fault in scene.faults], clock())
            announce(scene.says.both())
        begins += REPEAT_SECONDS
