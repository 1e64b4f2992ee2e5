"""The sequential test on flat lists: everything that one more sample changes.

For each alternative k (a share of runs that fails, a slower law of latency) the statistic is Shiryaev's and Roberts' in calendar
time, M <- L (M + dt), with L an e-value: its mean under the null, given the past, is at most 1. So M - t is a supermartingale under
the null whatever the instants of the samples are, as long as they are chosen before their outcome is known (Shin, Ramdas, Rinaldo,
*E-detectors*, 2024; Lorden 1971): an alarm at M >= A comes at most once in A seconds on average, for every A, and any mixture with
weights that sum to 1 keeps that. More samples under suspicion cost nothing of it.

The null is what calm life looks like, as Bayes filters that say how probable each outcome is given the past:

- failures: isolated ones; short troubles of the gateway (transients) and of each location's network (blips). A failure that came with
  an answer is no network's, so a blip cannot explain it away.
- latency: a slow level that all share (load), hiccups of seconds, detours of one location's path.

Next to the *full* statistic there is one *without* each place, to which that place's outcomes are no evidence. The score takes the
smallest of these, so no single place can raise it above what the others prove. Where several places fail several times in a row, the
failures of all are taken together: that is quicker, and no one place's trouble either.

The same source is interpreted on lists and compiled on arrays: only arithmetic, indexing, plain loops and ``math`` in here, and all of
it in one file, because it is compiled as one.
"""

import math

from monitor.detectors.sequential.layout import (
    ALARM,
    ALTERED,
    ALTERNATIVES,
    ANSWERED,
    BAD_RUN,
    BINS,
    BLIP_MEAN,
    BLIP_RATE,
    BLIP_SHARE,
    CALM,
    DETOUR,
    DETOUR_MEAN,
    DETOUR_RATE,
    DETOURED,
    DISCORD,
    EXACT_PLACES,
    FAILURE_WEIGHT,
    FAILURES,
    FALLS,
    FLAGGED,
    FLUSH_RUN,
    FULL,
    FULL_AGE,
    FULL_EVIDENCE,
    FULL_SQUARE,
    GAIN,
    GOOD_RUN,
    HEALTH,
    HEALTH_FROM,
    HEALTHY,
    HICCUP,
    HICCUP_MEAN,
    HICCUP_RATE,
    LATENCY_WEIGHT,
    LATENT,
    LEVEL,
    LEVEL_SECONDS,
    LEVEL_WEIGHTS,
    LEVELS,
    NEWEST,
    ONSET,
    OPENED,
    ORDINARY,
    OTHERS_SEEN,
    P0,
    PEAK,
    PLACES,
    QUORUM_PLACES,
    QUORUM_RUN,
    QUORUM_WEIGHTS,
    RECORD,
    RECORDS,
    RECOVERY,
    RECOVERY_SECONDS,
    RISES,
    SCORE,
    SEEN,
    SHARE,
    SHARES,
    SPREAD,
    THRESHOLD,
    TOTAL,
    TRANSIENT_MEAN,
    TRANSIENT_RATE,
    TRANSIENT_SHARE,
    UNANSWERED,
    USUAL,
    WINNER,
    WITHOUT,
    WITHOUT_TOTAL,
)

#: A statistic beyond this is certain; without a bound it would overflow in a long outage that nobody is told about.
CAP = 1e30
#: The logarithm of nothing, as a number that JSON carries.
NOTHING = -690.0
#: Health is tested against at least this share of failures: against a smaller one it would take hours to prove.
MILDEST_TROUBLE = 0.03
#: In less than this part of its time, the common level only steps to its neighbours; in more it is drawn anew, as far as time went.
NEIGHBOURLY = 0.2

GOOD, FAILED_WITH_ANSWER, FAILED_WITHOUT_ANSWER = 0, 1, 2


def update(p: list[float], s: list[float], at: float, place: int, kind: int, bin: int) -> None:  # noqa: A002 - latency's bin
    """One more sample of ``place`` (0 .. places - 1): changes ``s``.

    ``at`` in seconds, never earlier than the newest (else it counts as of then); ``kind`` one of GOOD, FAILED_WITH_ANSWER,
    FAILED_WITHOUT_ANSWER; ``bin`` the latency's, 0 .. BINS - 1, or -1 when latency is no evidence.
    """
    if s[NEWEST] < 0.0:
        _begin(p, s, at)
    at = max(at, s[NEWEST])
    dt = at - s[NEWEST]
    s[NEWEST] = at
    _count(s, place, kind)
    lift = _explain(p, s, at, dt, place, kind)
    usual = 0.0
    if p[LATENCY_WEIGHT] > 0.0:
        _drift(p, s, at, dt, place)
        if kind == GOOD and bin >= 0:
            usual = _expect(p, s, place, bin)
    open_to_alarm = s[ALARM] == 0.0
    if open_to_alarm:
        _gather(p, s, at, dt, place, lift, usual, bin)
    for m in range(int(p[PLACES])):
        if m != place:
            s[RECORDS + m * RECORD + OTHERS_SEEN] = at
    if s[ALARM] == 1.0 or s[HEALTHY] == 0.0:
        _heal(p, s, at, place, kind, usual, bin)
    if open_to_alarm:
        _forget_healed(p, s, place)
        _judge(p, s)
        if s[SCORE] >= p[THRESHOLD]:
            _open(p, s, at)
    s[RECORDS + place * RECORD + SEEN] = at


def _begin(p: list[float], s: list[float], at: float) -> None:
    """Nothing is known before the first sample: no cause is at work, no time has passed for anybody."""
    s[NEWEST] = at
    for m in range(int(p[PLACES])):
        record = RECORDS + m * RECORD
        s[record + SEEN] = at
        s[record + OTHERS_SEEN] = at
        s[record + HEALTH_FROM] = at


def _count(s: list[float], place: int, kind: int) -> None:
    record = RECORDS + place * RECORD
    if kind == GOOD:
        s[record + GOOD_RUN] += 1.0
        s[record + BAD_RUN] = 0.0
    else:
        s[record + GOOD_RUN] = 0.0
        s[record + BAD_RUN] += 1.0


# ------------------------------------------------------------------------------------------------ benign causes


def _explain(p: list[float], s: list[float], at: float, dt: float, place: int, kind: int) -> float:
    """The filter of benign causes takes the sample in. Returns the lift of a failure, 0 for a success.

    An alternative that fails a share q of the runs on top of the null has the factor 1 - q on a success, 1 - q + q * lift on a
    failure. With h the chance that a blip takes the run, and r that it comes through and fails, the lift is theta / (h + r) without an
    answer and (1 - theta h / (h + r)) / r with one. If a part a of what comes through and fails is answered, the mean over the null is
    theta + a (1 - theta): at most 1 *whatever* a is, for any theta up to 1 that is fixed beforehand. It is 1 where no blip can be the
    cause, so that a failure without an answer loses nothing, and the less the likelier a blip is: after it, an answer of the gateway
    that is a failure weighs as much as 1 / r.

    Only the transient and this place's blip move on: the other blips are independent of what is seen here and are caught up with
    when their own place is seen, which gives the same probabilities for half the work.
    """
    since = at - s[RECORDS + place * RECORD + SEEN]
    # A transient that began since the last sample is taken as still on: that is the safe side, and it is looked at with every sample.
    stay, start = math.exp(-dt / p[TRANSIENT_MEAN]), 1.0 - math.exp(-p[TRANSIENT_RATE] * dt)
    # A blip comes and goes as a Markov chain to the letter: only then is one long step the same as many short ones.
    often = p[BLIP_RATE] * p[BLIP_MEAN] / (1.0 + p[BLIP_RATE] * p[BLIP_MEAN])
    kept = math.exp(-since * (p[BLIP_RATE] + 1.0 / p[BLIP_MEAN]))
    blip_stay, blip_start = often + (1.0 - often) * kept, often * (1.0 - kept)
    exact = p[PLACES] <= EXACT_PLACES
    if exact:
        calm, transient, blip, both = _foresee_jointly(p, s, place, stay, start, blip_stay, blip_start)
    else:
        calm, transient, blip, both = _foresee_apart(p, s, place, stay, start, blip_stay, blip_start)
    # What comes through fails with these chances; a blip takes its share before, always without an answer.
    idle, hit, through = p[P0], 1.0 - (1.0 - p[P0]) * (1.0 - p[TRANSIENT_SHARE]), 1.0 - p[BLIP_SHARE]
    taken = p[BLIP_SHARE] * (blip + both)
    failing = idle * (calm + through * blip) + hit * (transient + through * both)
    blamed = taken / (taken + failing)
    theta = 1.0 - (1.0 - p[UNANSWERED]) * blamed
    if kind == GOOD:
        lift = 0.0
        a, b = 1.0 - idle, 1.0 - hit
        c, d = through * a, through * b
    elif kind == FAILED_WITH_ANSWER:
        lift = (1.0 - theta * blamed) / failing
        a, b = p[ANSWERED] * idle, p[ANSWERED] * hit
        c, d = through * a, through * b
    else:
        lift = theta / (taken + failing)
        a, b = (1.0 - p[ANSWERED]) * idle, (1.0 - p[ANSWERED]) * hit
        c, d = p[BLIP_SHARE] + through * a, p[BLIP_SHARE] + through * b
    likelihood = a * calm + b * transient + c * blip + d * both
    if exact:
        _condition_jointly(p, s, place, a / likelihood, b / likelihood, c / likelihood, d / likelihood)
    else:
        base = RECORDS + int(p[PLACES]) * RECORD
        s[base] = (b * transient + d * both) / likelihood
        s[base + 1 + place] = (c * blip + d * both) / likelihood
    return lift


def _foresee_jointly(
    p: list[float], s: list[float], place: int, stay: float, start: float, blip_stay: float, blip_start: float
) -> tuple[float, float, float, float]:
    """Moves the joint filter on. Returns the probabilities of neither, a transient, a blip here, both."""
    base = RECORDS + int(p[PLACES]) * RECORD
    end, stride = base + (2 << int(p[PLACES])), 2 << place
    begun, ended, blip_begun, blip_ended = 1.0 - start, 1.0 - stay, 1.0 - blip_start, 1.0 - blip_stay
    calm = transient = blip = both = 0.0
    for block in range(base, end, 2 * stride):
        for i in range(block, block + stride, 2):
            j = i + stride
            a, b, c, d = s[i], s[i + 1], s[j], s[j + 1]
            a, b = a * begun + b * ended, b * stay + a * start
            c, d = c * begun + d * ended, d * stay + c * start
            a, c = a * blip_begun + c * blip_ended, c * blip_stay + a * blip_start
            b, d = b * blip_begun + d * blip_ended, d * blip_stay + b * blip_start
            s[i], s[i + 1], s[j], s[j + 1] = a, b, c, d
            calm += a
            transient += b
            blip += c
            both += d
    return calm, transient, blip, both


def _condition_jointly(p: list[float], s: list[float], place: int, a: float, b: float, c: float, d: float) -> None:
    base = RECORDS + int(p[PLACES]) * RECORD
    end, stride = base + (2 << int(p[PLACES])), 2 << place
    for block in range(base, end, 2 * stride):
        for i in range(block, block + stride, 2):
            j = i + stride
            s[i] *= a
            s[i + 1] *= b
            s[j] *= c
            s[j + 1] *= d


def _foresee_apart(
    p: list[float], s: list[float], place: int, stay: float, start: float, blip_stay: float, blip_start: float
) -> tuple[float, float, float, float]:
    """The same with causes taken as independent, which is no longer exact and grows only linearly with the places."""
    base = RECORDS + int(p[PLACES]) * RECORD
    g, b = s[base], s[base + 1 + place]
    g, b = g * stay + (1.0 - g) * start, b * blip_stay + (1.0 - b) * blip_start
    return (1.0 - g) * (1.0 - b), g * (1.0 - b), (1.0 - g) * b, g * b


# ------------------------------------------------------------------------------------------------ usual latency


def _drift(p: list[float], s: list[float], at: float, dt: float, place: int) -> None:
    """The filter of latency's benign causes moves on: the level by steps to its neighbours, hiccups and this place's detour as they
    begin and end.
    """
    x = dt / p[LEVEL_SECONDS]
    stay, start = math.exp(-dt / p[HICCUP_MEAN]), 1.0 - math.exp(-p[HICCUP_RATE] * dt)
    # Beginning, ending and wandering go together in any order: one is no matter to the other.
    keep, mass, hiccups, risen, hiccups_risen = math.exp(-x), 0.0, 0.0, 0.0, 0.0
    for j in range(LEVEL, LEVEL + LEVELS):
        i = j + LEVELS
        calm, hiccup = s[j], s[i]
        calm, hiccup = calm * (1.0 - start) + hiccup * (1.0 - stay), hiccup * stay + calm * start
        if x < NEIGHBOURLY:
            rise, fall = x * p[RISES - LEVEL + j], x * p[FALLS - LEVEL + j]
            s[j], s[i] = calm * (1.0 - rise - fall) + risen, hiccup * (1.0 - rise - fall) + hiccups_risen
            risen, hiccups_risen = calm * rise, hiccup * rise
            if j > LEVEL:
                s[j - 1] += calm * fall
                s[i - 1] += hiccup * fall
        else:
            s[j], s[i] = keep * calm, keep * hiccup
            mass += calm
            hiccups += hiccup
    if x >= NEIGHBOURLY:
        for j in range(LEVELS):
            drawn = (1.0 - keep) * p[LEVEL_WEIGHTS + j]
            s[LEVEL + j] += drawn * mass
            s[LEVEL + LEVELS + j] += drawn * hiccups
    record = RECORDS + place * RECORD
    since = at - s[record + SEEN]
    r = s[record + DETOURED]
    s[record + DETOURED] = r * math.exp(-since / p[DETOUR_MEAN]) + (1.0 - r) * (1.0 - math.exp(-p[DETOUR_RATE] * since))


def _expect(p: list[float], s: list[float], place: int, bin: int) -> float:  # noqa: A002
    """How probable the bin was under the null; the filter then takes it in.

    Detours are taken as independent of the rest. That is not Bayes' rule to the letter, but what it foretells is a law all the same,
    and under that law the statistics are supermartingales exactly.
    """
    record = RECORDS + place * RECORD
    r = s[record + DETOURED]
    calm = hiccup = detour = 0.0
    row = bin
    for j in range(LEVEL, LEVEL + LEVELS):
        calm += s[j] * p[CALM + row]
        detour += s[j] * p[DETOUR + row]
        hiccup += s[j + LEVELS] * p[HICCUP + row]
        row += BINS
    usual = (1.0 - r) * calm + r * detour + hiccup
    straight, detoured, row = (1.0 - r) / usual, r / usual, bin
    for j in range(LEVEL, LEVEL + LEVELS):
        s[j] *= straight * p[CALM + row] + detoured * p[DETOUR + row]
        s[j + LEVELS] *= p[HICCUP + row] / usual
        row += BINS
    s[record + DETOURED] = r * (detour + hiccup) / usual
    return usual


# ------------------------------------------------------------------------------------------------ evidence


def _gather(p: list[float], s: list[float], at: float, dt: float, place: int, lift: float, usual: float, bin: int) -> None:  # noqa: A002
    """The full statistics with the ages of their terms, and those without each other place.

    The terms are the posterior of the onset under a flat prior: one of age a becomes one of age a + dt, and the onset may also lie
    anywhere in the last dt seconds.
    """
    places, weight = int(p[PLACES]), p[FAILURE_WEIGHT]
    half, third = 0.5 * dt * dt, dt * dt * dt / 3.0
    before, total, failing, row = s[TOTAL], 0.0, 0.0, ALTERED + bin
    for m in range(places):
        if m != place:
            s[RECORDS + m * RECORD + WITHOUT_TOTAL] = 0.0
    for k in range(ALTERNATIVES):
        if k < FAILURES:
            factor = 1.0 + p[SHARES + k] * (lift - 1.0)
        else:
            if k == FAILURES:
                weight, failing = p[LATENCY_WEIGHT], total
            if weight == 0.0:
                break
            factor = 1.0
            if usual > 0.0:
                factor = p[row] / usual
                row += BINS
                if factor > 1.0 and bin < ORDINARY:
                    # Else one slow place would make the others' ordinary latencies look improbable, hence evidence.
                    factor = 1.0
        record = RECORDS
        for m in range(places):
            if m != place:
                new = factor * (s[record + WITHOUT + k] + at - s[record + OTHERS_SEEN])
                if new > CAP:
                    new = CAP
                s[record + WITHOUT + k] = new
                s[record + WITHOUT_TOTAL] += weight * new
            record += RECORD
        old, age = s[FULL_EVIDENCE + k], s[FULL_AGE + k]
        new = factor * (old + dt)
        if new > CAP:
            factor *= CAP / new
            new = CAP
        s[FULL_SQUARE + k] = factor * (s[FULL_SQUARE + k] + dt * (2.0 * age + dt * old) + third)
        s[FULL_AGE + k] = factor * (age + dt * old + half)
        s[FULL_EVIDENCE + k] = new
        total += weight * new
    latent = total - failing
    s[TOTAL] = total
    s[LATENT] = latent
    if before + dt > 0.0 and total > 0.0:
        gain = RECORDS + place * RECORD + GAIN
        s[gain] = max(0.0, s[gain] + math.log(total / (before + dt)))


def _forget_healed(p: list[float], s: list[float], place: int) -> None:
    """A place that carried the evidence alone and answers again: what hung on it is lowered, which no supermartingale minds."""
    own = RECORDS + place * RECORD
    if p[PLACES] < 2.0:
        return
    least = CAP
    for m in range(int(p[PLACES])):
        if m != place:
            least = min(least, s[RECORDS + m * RECORD + WITHOUT_TOTAL])
    if least > p[DISCORD] * s[own + WITHOUT_TOTAL]:
        s[own + FLAGGED] = 1.0
    if s[own + FLAGGED] == 0.0 or s[own + GOOD_RUN] < p[FLUSH_RUN]:
        return
    s[own + FLAGGED] = 0.0
    s[own + GAIN] = 0.0
    for m in range(int(p[PLACES])):
        record = RECORDS + m * RECORD
        if m != place:
            total = 0.0
            for k in range(ALTERNATIVES):
                s[record + WITHOUT + k] = min(s[record + WITHOUT + k], s[own + WITHOUT + k])
                total += s[record + WITHOUT + k] * (p[FAILURE_WEIGHT] if k < FAILURES else p[LATENCY_WEIGHT])
            s[record + WITHOUT_TOTAL] = total


def _judge(p: list[float], s: list[float]) -> None:
    """The score: what stands without any one place; or all failures together, once enough places fail several times in a row."""
    least, failing = s[TOTAL], 0
    if p[PLACES] > 1.0:
        least = CAP
        for m in range(int(p[PLACES])):
            record = RECORDS + m * RECORD
            least = min(least, s[record + WITHOUT_TOTAL])
            if s[record + BAD_RUN] >= p[QUORUM_RUN]:
                failing += 1
        if failing >= p[QUORUM_PLACES]:
            together = 0.0
            for k in range(FAILURES):
                together += p[QUORUM_WEIGHTS + k] * s[FULL_EVIDENCE + k]
            least = max(least, together)
    s[SCORE] = math.log(least) if least > 0.0 else NOTHING
    s[FULL] = math.log(s[TOTAL]) if s[TOTAL] > 0.0 else NOTHING


# ------------------------------------------------------------------------------------------------ alarm and recovery


def _open(p: list[float], s: list[float], at: float) -> None:
    """Keeps what the alarm rests on, and starts all statistics anew: what was evidence once is no evidence again."""
    latent = s[LATENT] > s[TOTAL] - s[LATENT]
    first, last = (FAILURES, ALTERNATIVES) if latent else (0, FAILURES)
    evidence = age = square = share = 0.0
    winner = first
    for k in range(first, last):
        evidence += s[FULL_EVIDENCE + k]
        age += s[FULL_AGE + k]
        square += s[FULL_SQUARE + k]
        if not latent:
            share += s[FULL_EVIDENCE + k] * p[SHARES + k]
        if s[FULL_EVIDENCE + k] > s[FULL_EVIDENCE + winner]:
            winner = k
    mean = age / evidence
    s[ALARM] = 1.0
    s[HEALTHY] = 0.0
    s[OPENED] = at
    s[PEAK] = s[SCORE]
    s[WINNER] = winner
    s[SHARE] = share / evidence
    s[ONSET] = at - mean
    s[SPREAD] = math.sqrt(max(0.0, square / evidence - mean * mean))
    _clear(p, s, at)


def _clear(p: list[float], s: list[float], at: float) -> None:
    for i in range(FULL_EVIDENCE, LEVEL):
        s[i] = 0.0
    s[TOTAL] = 0.0
    s[LATENT] = 0.0
    for m in range(int(p[PLACES])):
        record = RECORDS + m * RECORD
        s[record + FLAGGED] = 0.0
        s[record + OTHERS_SEEN] = at
        s[record + HEALTH] = 0.0
        s[record + HEALTH_FROM] = at
        s[record + WITHOUT_TOTAL] = 0.0
        for k in range(ALTERNATIVES):
            s[record + WITHOUT + k] = 0.0


def _heal(p: list[float], s: list[float], at: float, place: int, kind: int, usual: float, bin: int) -> None:  # noqa: A002
    """The test turned round: Page's sum of the evidence for health against half the trouble, without each place in turn.

    One place that stays broken does not hold up the recovery of all others, just as it could not have raised the alarm.
    """
    winner = int(s[WINNER])
    if kind != GOOD:
        step = -CAP
    elif s[ALARM] == 1.0 and winner >= FAILURES and p[LATENCY_WEIGHT] > 0.0:
        step = math.log(p[USUAL + bin] / p[ALTERED + (winner - FAILURES) * BINS + bin]) if usual > 0.0 else 0.0
    else:
        step = -math.log(1.0 - max(MILDEST_TROUBLE, 0.5 * s[SHARE]))
    healed = False
    for m in range(int(p[PLACES])):
        if m != place or p[PLACES] == 1.0:
            record = RECORDS + m * RECORD
            s[record + HEALTH] = max(0.0, s[record + HEALTH] + step)
            if s[record + HEALTH] == 0.0:
                s[record + HEALTH_FROM] = at
            elif s[record + HEALTH] >= p[RECOVERY] and at - s[record + HEALTH_FROM] >= p[RECOVERY_SECONDS]:
                healed = True
    if healed:
        s[HEALTHY] = 1.0
        if s[ALARM] == 1.0:
            s[ALARM] = 0.0
            s[SCORE] = NOTHING
            s[FULL] = NOTHING
            for m in range(int(p[PLACES])):
                s[RECORDS + m * RECORD + GAIN] = 0.0
            _clear(p, s, at)
