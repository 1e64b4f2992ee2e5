"""What people are told about money that stays open: what, how much, where, and what they must do."""

from monitor.ledger.machine import Transaction
from monitor.model.durations import duration_text
from monitor.model.money import Money
from monitor.model.text import Text

ORPHAN_TITLE = Text("Synthetic money is open at the gateway", "合成交易资金在网关处于未平状态")
STOPPED_TITLE = Text("Money checks are stopped", "资金类检查已停止")
DAMAGED = Text(
    "the ledger was damaged, and what is open at this gateway is not yet known",
    "账本文件已损坏，该网关的未平资金尚未查清",
)


def orphan(tx: Transaction, age_seconds: float, why: str) -> Text:
    """One transaction that the ledger has not been able to close."""
    amount, age = amounts(tx.exposure), duration_text(age_seconds)
    handle = ", ".join(tx.handles)
    reason = f" ({why})" if why else ""
    return Text(
        f"Up to {amount} of run {tx.id} is not shown closed after {age.en}{reason}. Look up {tx.reference} ({handle}) at the gateway: "
        f"void what is authorised, refund what is captured. The ledger keeps looking and closes this by itself once nothing is open.",
        f"运行 {tx.id} 最多 {amount} 的资金在 {age.zh}后仍未确认平账。请在网关后台查询 {tx.reference}（{handle}）："
        f"已预授权的请撤销，已请款的请退款。账本会持续查询，确认无未平资金后将自动关闭本告警。",
    )


def stopped(target: str, why: Text) -> Text:
    return Text(
        f"No money moves at {target or 'any gateway'}: {why.en}. Read-only checks go on.",
        f"{target or '所有网关'} 的资金类检查已停止：{why.in_('zh')}。只读检查仍在继续。",
    )


def uncompensated(count: int, target: str, seconds: float) -> Text:
    return Text(
        f"{count} transactions at {target} are not shown closed {seconds:.0f} s after their run",
        f"{target} 有 {count} 笔交易在运行结束 {seconds:.0f} 秒后仍未确认平账",
    )


def unwritable(problem: str) -> Text:
    return Text(f"the ledger cannot be written ({problem})", "账本无法写入，请检查磁盘")


def amounts(exposure: tuple[Money, ...]) -> str:
    return " + ".join(map(str, exposure)) or "nothing"
