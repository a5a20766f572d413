"""Locust users for Chaac: SyntheticUser posts the synthetic mix, ReplayUser real observations.

    locust -f load/locustfile.py SyntheticUser      (script/load does this, and checks the result)

It counts the accepted reports by municipality and by condition; with --check-stats it holds them
against the server's /stats at its end, with --ledger FILE it writes them there. One process only.
"""

import functools
import itertools
import json
import pathlib
import random

import answers
import gevent.pool
import observations
import synthetic
from ledger import Ledger, StatsCheck, UnavailableError, agrees, describe
from locust import FastHttpUser, between, events, task
from locust.runners import LocalRunner

ledger = Ledger()
# Requests under way. Locust may kill a user in the middle of one when a run ends; here they outlive
# their user, so that every report that was sent has its answer in the table and in the ledger.
requests = gevent.pool.Group()

closing_words = []  # What is left to say after Locust's own tables.


@events.init_command_line_parser.add_listener
def add_arguments(parser):
    parser.add_argument(
        "--ledger",
        metavar="FILE",
        default="",
        include_in_web_ui=False,
        help="at the end write there, as JSON, how many reports were accepted",
    )
    parser.add_argument(
        "--check-stats",
        action="store_true",
        include_in_web_ui=False,
        help="at the end fail unless the server's /stats gained exactly the accepted reports",
    )


@events.init.add_listener
def open_ledger(environment, **_):
    options = environment.parsed_options
    if not (options.ledger or options.check_stats):
        return
    if not isinstance(environment.runner, LocalRunner):
        raise SystemExit(
            "The ledger counts one process only: leave out --processes, --master and --worker,"
            " or run script/load with --no-check."
        )
    if options.check_stats:
        try:
            environment.stats_check = StatsCheck(environment.host or WeatherUser.host)
        except UnavailableError as error:
            raise SystemExit(str(error)) from error


@events.quitting.add_listener
def close_ledger(environment, **_):
    environment.runner.quit()  # After Ctrl-C the users still run.
    requests.join(timeout=answers.REPLY_TIMEOUT_S)
    options = environment.parsed_options
    if options.ledger:
        text = json.dumps(ledger.as_dict()) + "\n"
        pathlib.Path(options.ledger).write_text(text, encoding="utf-8")
    if options.check_stats and not compare_with_stats(environment.stats_check):
        environment.process_exit_code = 1


def compare_with_stats(stats_check):
    try:
        rows = stats_check.settle(ledger.as_dict())
    except UnavailableError as error:
        closing_words.append(str(error))
        return False
    closing_words.append(describe(ledger.as_dict(), rows))
    return agrees(rows)


@events.quit.add_listener
def say_closing_words(**_):
    for words in closing_words:
        print(words)


class WeatherUser(FastHttpUser):
    """Posts reports one by one, at the pace of the original system's users."""

    abstract = True
    host = "http://127.0.0.1:8081"  # Unless --host says otherwise.
    wait_time = between(0.1, 0.5)
    network_timeout = answers.REPLY_TIMEOUT_S
    connection_timeout = answers.REPLY_TIMEOUT_S

    def post(self, report, body, name):
        requests.spawn(self._post, report, body, name).get()

    def _post(self, report, body, name):
        ledger.sent()
        with self.client.post(
            "/api/weather",
            data=body,
            headers={"Content-Type": "application/json"},
            name=f"/api/weather ({name})",
            catch_response=True,
        ) as response:
            if response.status_code == 0:
                response.failure(f"no answer: {response.error}")
                return
            status, answer = response.status_code, response.content
            ledger.answered(report, status, answer)
            if not answers.accepts(status, answer):
                response.failure(answers.explain(status, answer))


class SyntheticUser(WeatherUser):
    @task
    def post_synthetic(self):
        report = synthetic.random_report(random)
        self.post(report, synthetic.random_body(random, report), "synthetic")


@functools.cache
def real_reports():
    """The observations in order of time, for ever. One sequence that all users draw from."""
    table = observations.read_table(observations.find_table())
    return itertools.cycle(observation.report for observation in table.observations)


class ReplayUser(WeatherUser):
    @task
    def post_observation(self):
        report = next(real_reports())
        self.post(report, json.dumps(report).encode(), "replay")
