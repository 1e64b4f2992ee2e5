"""Why something was not tried, as those who try say it, and the same in Chinese."""

from collections.abc import Mapping
from types import MappingProxyType

from monitor.model.text import Text

#: Sentences of the inquiry and of the budget governor. One that is not here is quoted as it is.
SKIPS: Mapping[str, str] = MappingProxyType(
    {
        "not asked: what may be asked of the gateway is needed for the checks": "请求预算须留给检查项，未发送",
        "not asked: the gateway wants to be left alone for a while": "网关要求暂停请求，未发送",
        "not asked: the time for the inquiry was nearly over": "排查时间将尽，未发送",
        "not known: the time for the inquiry was over": "排查时间已到，未得到结果",
        "not known: it took longer than a question may": "超过单项检测的时限，未得到结果",
        "no step of its checks fetches a token": "其检查项中没有获取令牌的步骤",
        "no second credential is configured": "未配置备用凭据",
        "no read of its checks can be asked by itself": "其检查项中没有可单独执行的查询",
        "there is no such control check": "没有该参照检查项",
        "the target is named by its address: nothing has to be resolved": "目标以地址配置，无需解析",
    }
)


def reason(message: str) -> Text:
    return Text(message, SKIPS.get(message, message))
