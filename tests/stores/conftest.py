import pytest
from store_helpers import WallClock, new_store


@pytest.fixture
def clock():
    return WallClock()


@pytest.fixture(params=["threaded", "inline"])
async def store(request, tmp_path, clock):
    opened = new_store(tmp_path, clock, threaded=request.param == "threaded")
    opened.open()
    yield opened
    await opened.close()
