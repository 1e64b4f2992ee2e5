"""What is possible: Lorden's bound, the exact CUSUM, and the best policy that may also choose when to look.

In a world of independent failures, probability p0 before the change and p1 after it. Sources: Page 1954, Lorden 1971, Moustakides
1986 for CUSUM; the policy with sampling control is found by policy iteration over the posterior log-odds of "it has changed".
"""

import math
from typing import NamedTuple

import numpy as np

from benchmarks.detection.compiled import Array, compiled

#: The policy's choices: the seconds to the next probe.
SPACINGS = np.array([1 / 3, 1.0, 3.0, 6.0, 8.0, 9.0, 9.5, 10.0, 10.5, 11.0, 12.0, 15.0, 30.0])
#: Log-odds from "surely not" to "surely".
LOW, HIGH, CELLS = -15.0, 8.0, 461
#: A change is expected once in this time: much longer than the time between false alarms, so that little hangs on it.
EXPECTED_SECONDS = 300 * 86_400.0
STOP = -1


def divergence(p1: float, p0: float) -> float:
    """Kullback-Leibler divergence of one result after the change from one before, in nats."""
    sure = math.log((1 - p1) / (1 - p0)) * (1 - p1) if p1 < 1 else 0.0
    return p1 * math.log(p1 / p0) + sure


def lorden_seconds(p1: float, p0: float, between_seconds: float, every_seconds: float) -> float:
    """Asymptotic lower bound of the mean delay at a fixed rate of probes."""
    return math.log(between_seconds / every_seconds) / divergence(p1, p0) * every_seconds


def cusum_run_lengths(p0: float, p1: float, up: int, height: int) -> tuple[float, float]:
    """Mean samples to alarm of the lattice CUSUM (failure +``up``, success -1, floor 0, alarm at ``height``): under p0, under p1."""

    def solve(p: float) -> float:
        system = np.eye(height)
        for level in range(height):
            system[level, max(level - 1, 0)] -= 1 - p
            if level + up < height:
                system[level, level + up] -= p
        return float(np.linalg.solve(system, np.ones(height))[0])

    return solve(p0), solve(p1)


def lattice_share(p0: float, up: int) -> float:
    """The p1 for which the lattice CUSUM with ``up`` is exactly the likelihood ratio's."""
    low, high = p0 * 1.0001, 1 - 1e-12
    for _ in range(200):
        middle = (low + high) / 2
        if math.log(middle / p0) > up * math.log((1 - p0) / (1 - middle)):
            low = middle
        else:
            high = middle
    return low


def cusum_delay(p0: float, p1: float, between_seconds: float, every_seconds: float) -> float:
    """Mean delay in seconds, from the worst moment, of the exact CUSUM for about p1 whose mean time between false alarms is at least
    ``between_seconds``: the smallest lattice that keeps it."""
    ratio = math.log(p1 / p0) / math.log((1 - p0) / max(1 - p1, 1e-9))
    up = max(1, round(ratio))
    height = up + 1
    while cusum_run_lengths(p0, p1, up, height)[0] * every_seconds < between_seconds:
        height += max(1, up // 8)
    return cusum_run_lengths(p0, p1, up, height)[1] * every_seconds


class Policy(NamedTuple):
    """For each cell of log-odds, the index of the spacing to wait, or ``STOP``; how it does before the change, by its own equations."""

    choice: Array
    between_seconds: float
    probes_per_second: float


class _Chain:
    """Where one wait and one result lead from every cell, before and after the change."""

    def __init__(self, p0: float, p1: float) -> None:
        self.p0 = p0
        odds = np.linspace(LOW, HIGH, CELLS)
        self.before = 1 / (1 + np.exp(odds))  # probability that nothing has changed yet
        stay = np.exp(-SPACINGS / EXPECTED_SECONDS)[:, None]
        calm = self.before[None, :] * stay
        changed = 1 - calm
        self.calm = calm
        wait = SPACINGS[:, None]
        self.delay = (1 - self.before) * wait + self.before * (wait - (1 - stay) * EXPECTED_SECONDS)
        self.fails = changed * p1 + calm * p0
        tiny = 1e-300
        self.after_fail = self._cell(np.log(np.maximum(changed * p1, tiny)) - np.log(calm * p0))
        self.after_good = self._cell(np.log(np.maximum(changed * (1 - p1), tiny)) - np.log(calm * (1 - p0)))

    @staticmethod
    def _cell(odds: Array) -> tuple[Array, Array]:
        """The cell below, and how far towards the next one."""
        x = np.clip((odds - LOW) / (HIGH - LOW) * (CELLS - 1), 0, CELLS - 1 - 1e-9)
        low = x.astype(np.int64)
        return low, x - low

    def expect(self, action: int, fails: Array) -> Array:
        """The transition matrix of one action."""
        matrix = np.zeros((CELLS, CELLS))
        rows = np.arange(CELLS)
        for (low, part), weight in ((self.after_fail, fails), (self.after_good, 1 - fails)):
            np.add.at(matrix, (rows, low[action]), weight * (1 - part[action]))
            np.add.at(matrix, (rows, low[action] + 1), weight * part[action])
        return matrix


class _Solver:
    """Policies for one p1; prices of a false alarm and of a probe go in, the policy comes out."""

    def __init__(self, p0: float, p1: float) -> None:
        self.chain = _Chain(p0, p1)
        self.bayes = np.stack([self.chain.expect(a, self.chain.fails[a]) for a in range(len(SPACINGS))])
        self.calm = np.stack([self.chain.expect(a, np.full(CELLS, p0)) for a in range(len(SPACINGS))])
        self.choice = np.full(CELLS, len(SPACINGS) // 2)
        self.choice[-1] = STOP

    def best(self, alarm_price: float, probe_price: float) -> Policy:
        """Policy iteration: evaluate exactly, improve everywhere, until nothing changes."""
        chain, rows = self.chain, np.arange(CELLS)
        for _ in range(60):
            stops = self.choice == STOP
            act = np.where(stops, 0, self.choice)
            matrix = np.where(stops[:, None], 0.0, self.bayes[act, rows])
            matrix[stops, 0] += chain.before[stops]
            cost = np.where(stops, chain.before * alarm_price, chain.delay[act, rows] + probe_price * chain.calm[act, rows])
            value = np.linalg.solve(np.eye(CELLS) - matrix, cost)
            going = chain.delay + probe_price * chain.calm + self.bayes @ value
            better = going.argmin(axis=0)
            choice = np.where(chain.before * (alarm_price + value[0]) < going.min(axis=0), STOP, better)
            if np.array_equal(choice, self.choice):
                break
            self.choice = choice
        return self._judged()

    def _judged(self) -> Policy:
        stops = self.choice == STOP
        act = np.where(stops, 0, self.choice)
        system = np.eye(CELLS) - np.where(stops[:, None], 0.0, self.calm[act, np.arange(CELLS)])
        seconds = np.linalg.solve(system, np.where(stops, 0.0, SPACINGS[act]))[0]
        probes = np.linalg.solve(system, np.where(stops, 0.0, 1.0))[0]
        return Policy(self.choice.copy(), float(seconds), float(probes / seconds))


def optimum(p0: float, p1: float, between_seconds: float, probes_per_second: float) -> Policy:
    """The best policy with this mean time between false alarms and this average rate of probes in calm."""
    solver = _Solver(p0, p1)
    low, high = -22.0, 0.0
    policy = None
    for _ in range(12):
        price = (low + high) / 2
        policy = _with_alarms(solver, between_seconds, math.exp(price))
        low, high = (price, high) if policy.probes_per_second > probes_per_second else (low, price)
    assert policy is not None
    return policy


def _with_alarms(solver: _Solver, between_seconds: float, probe_price: float) -> Policy:
    low, high = -8.0, 20.0
    for _ in range(13):
        price = (low + high) / 2
        policy = solver.best(math.exp(price), probe_price)
        low, high = (price, high) if policy.between_seconds < between_seconds else (low, price)
    return solver.best(math.exp(high), probe_price)


@compiled
def follow(choice: Array, p0: float, p1: float, warm: float, reach: float, n: int, seed: int) -> tuple[Array, Array, Array]:
    """``n`` runs of a policy: seconds from the change (after ``warm``; < 0: never) to the alarm, probes, and seconds watched."""
    np.random.seed(seed)
    found, probes, watched = np.full(n, np.nan), np.zeros(n), np.zeros(n)
    for run in range(n):
        at, odds = 0.0, LOW
        change = warm + np.random.random() * 60.0 if warm >= 0.0 else math.inf
        while at < reach:
            action = choice[min(max(math.floor((odds - LOW) / (HIGH - LOW) * (CELLS - 1) + 0.5), 0), CELLS - 1)]
            if action == STOP:
                if at < change < math.inf:
                    odds = LOW
                    continue
                found[run] = at - (change if change < math.inf else 0.0)
                break
            at += SPACINGS[action]
            probes[run] += 1
            calm = math.exp(-SPACINGS[action] / EXPECTED_SECONDS) / (1.0 + math.exp(odds))
            if np.random.random() < (p1 if at >= change else p0):
                odds = math.log((1 - calm) * p1) - math.log(calm * p0)
            else:
                odds = math.log(max((1 - calm) * (1 - p1), 1e-300)) - math.log(calm * (1 - p0))
            odds = min(max(odds, LOW), HIGH)
        watched[run] = at
    return found, probes, watched
