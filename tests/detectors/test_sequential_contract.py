"""The sequential kind keeps to what every kind keeps to, with and without a history."""

from detector_contract import CHECK, DetectorContract
from sequential_world import baseline

from monitor.detectors import Detector
from monitor.detectors.sequential.kind import Sequential


class TestSequentialContract(DetectorContract):
    def detector(self) -> Detector:
        return Sequential(false_alarms="1 per day")


class TestSequentialWithAHistoryContract(DetectorContract):
    def detector(self) -> Detector:
        return Sequential(false_alarms="1 per day")

    def tailored(self) -> Detector:
        return Sequential(false_alarms="1 per day").tailored(CHECK, 10.0).informed(baseline(places=("local",)))
