"""What stands where in the flat lists of the kernel: parameters ``p``, state ``s``, and the burst controller's state ``c``.

Flat lists of floats, because the same source then runs interpreted on lists (live, one sample at a time) and compiled on arrays
(a simulated year in a minute), and because such a state is its own JSON.
"""

#: Shares of runs that fail, one alternative each; from "one in thirty" to "nearly all": between them, detection loses little.
FAILURES = 4
#: Latency alternatives: shifts of the whole law, a spread as wide as a hiccup that does not end, two tails.
LATENCIES = 8
ALTERNATIVES = FAILURES + LATENCIES
#: Latency bins, cut at quantiles of the calm law; those below ORDINARY are no evidence of trouble, whatever they are compared with.
BINS = 10
ORDINARY = 5
#: Levels of the slow load that all latencies share.
LEVELS = 6
#: Up to here the filter of benign causes is exact, with 2 ** (places + 1) states; above it takes the causes as independent.
EXACT_PLACES = 4
#: More locations than this are not told apart.
PLACES_MAX = 8

# ------------------------------------------------------------------------------------------------ parameters
THRESHOLD = 0  # natural logarithm of evidence seconds
PLACES = 1  # how many
P0 = 2  # null: isolated failures
ANSWERED = (
    3  # null: of failures that no blip causes, the share with an answer; too large makes blips likelier, which is the safe side
)
TRANSIENT_RATE = 4  # null: short troubles of the gateway, per second
TRANSIENT_MEAN = 5  # seconds
TRANSIENT_SHARE = 6
BLIP_RATE = 7  # null: short troubles of one location's network
BLIP_MEAN = 8
BLIP_SHARE = 9
LEVEL_SECONDS = 10  # null: how long the slow common level takes to change
FAILURE_WEIGHT = 11  # of each failure alternative
LATENCY_WEIGHT = 12  # of each latency alternative; 0: latency is no evidence
QUORUM_RUN = 13  # failures in a row at one place
QUORUM_PLACES = 14
FLUSH_RUN = 15  # successes in a row after which a place's own trouble is over
DISCORD = 16  # factor by which the others' evidence must hang on one place before it is flagged
RECOVERY = 17  # evidence of health needed, natural logarithm
RECOVERY_SECONDS = 18  # and for how long at least
UNANSWERED = 19  # what a failure without an answer still counts where nothing but a blip can be its cause; see the kernel
HICCUP_RATE = 20  # null: seconds in which everything is several times slower, per second
HICCUP_MEAN = 21
DETOUR_RATE = 22  # null: one place's path is slower for a while
DETOUR_MEAN = 23
TRIGGER = 24  # full evidence from which a burst begins, natural logarithm of seconds
STRONG_TRIGGER = 25  # the same of evidence that no one place can raise alone, which may draw on the second bucket
RELEASE = 26  # full evidence below which a quiet burst ends
SHARES = 27  # one for each failure alternative
QUORUM_WEIGHTS = SHARES + FAILURES  # of the failure alternatives, once a quorum of places fails
LEVEL_WEIGHTS = QUORUM_WEIGHTS + FAILURES  # stationary probability of each level
RISES = LEVEL_WEIGHTS + LEVELS  # rate of going one level up, per LEVEL_SECONDS
FALLS = RISES + LEVELS  # and down
USUAL = FALLS + LEVELS  # law of the bins over all levels
CALM = USUAL + BINS  # law of the bins, one row a level
HICCUP = CALM + LEVELS * BINS  # the same in a hiccup
DETOUR = HICCUP + LEVELS * BINS  # and on a detour
ALTERED = DETOUR + LEVELS * BINS  # one row a latency alternative
PARAMETERS = ALTERED + LATENCIES * BINS

# ------------------------------------------------------------------------------------------------ state
NEWEST = 0  # instant of the newest sample; negative: none yet
SCORE = 1  # natural logarithm of evidence seconds that no one place can raise alone; compared with THRESHOLD
FULL = 2  # the same of everything seen: drives the burst, raises no alarm
ALARM = 3  # 1.0 while alarmed
HEALTHY = 4  # 1.0 once health is proven, until the next alarm
TOTAL = 5  # weighted full evidence, in seconds
LATENT = 6  # the part of TOTAL that latency carries
# Of the alarm that stands, or stood last:
OPENED = 7  # instant of the deciding sample
PEAK = 8  # its score
WINNER = 9  # alternative that carries most
SHARE = 10  # of runs that fail, posterior mean
ONSET = 11  # instant, posterior mean
SPREAD = 12  # standard deviation, seconds
FULL_EVIDENCE = 13  # one for each alternative: Shiryaev-Roberts statistics, in seconds
FULL_AGE = FULL_EVIDENCE + ALTERNATIVES  # their terms times the terms' ages
FULL_SQUARE = FULL_AGE + ALTERNATIVES  # and times the squares
LEVEL = FULL_SQUARE + ALTERNATIVES  # filter of the common level: probabilities without a hiccup, then with one
RECORDS = LEVEL + 2 * LEVELS  # one record for each place

# A place's record. "Without": the statistic of everybody else's samples.
SEEN = 0  # instant of its newest sample
OTHERS_SEEN = 1  # instant of the newest sample of any other place
GOOD_RUN = 2
BAD_RUN = 3
FLAGGED = 4  # 1.0: the evidence of the others hangs on this place
GAIN = 5  # what its own samples added to the full evidence, natural logarithm, never negative
DETOURED = 6  # probability of a detour
WITHOUT_TOTAL = 7  # weighted evidence without it
HEALTH = 8  # evidence of health without it, natural logarithm
HEALTH_FROM = 9  # since when it has been above zero
WITHOUT = 10  # one for each alternative
RECORD = WITHOUT + ALTERNATIVES
# After the records: the filter of benign causes. Exact: probabilities of all states, bit 0 the transient, bit 1 + l a blip at
# place l. Factorised: probability of the transient, then of each blip.

# ------------------------------------------------------------------------------------------------ burst controller
BURSTING = 0  # 1.0: runs off the grid are asked for
SPACING = 1  # seconds between them
QUIET = 2  # samples in a row without a failure
TOKENS = 3  # extra runs that suspicion may still cost
SECOND_TOKENS = 4  # and that strong suspicion may
CONTROLLED = 5  # instant of the newest sample; negative: none yet
CONTROL = 6
