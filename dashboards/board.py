"""A dashboard as a value in two languages, and its rendering to Grafana's JSON."""

import json
from dataclasses import dataclass
from typing import Any

from grafana_foundation_sdk.builders import common, dashboard, heatmap, prometheus, stat, statetimeline, table, timeseries
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models import common as common_models
from grafana_foundation_sdk.models import dashboard as models
from grafana_foundation_sdk.models.heatmap import HeatmapColorMode
from grafana_foundation_sdk.models.prometheus import PromQueryFormat

from monitor.model.text import Text

LANGUAGES = ("en", "zh")
TAG = "paycanary"
SOURCE = models.DataSourceRef(type_val="prometheus", uid="${datasource}")
GREEN, AMBER, RED, BLUE = "green", "orange", "red", "blue"
#: Points a stat is worked out from; more would only cost the server.
STAT_POINTS = 200


@dataclass(frozen=True)
class Query:
    """``legend`` is a template of labels, which needs no translation, or a word, which does."""

    expr: str
    legend: str | Text = ""


@dataclass(frozen=True)
class Panel:
    """``kind``: stat, lines, bars, table, states or heatmap. ``steps`` colour values from each bound upward."""

    kind: str
    title: Text
    help: Text
    unit: str
    queries: tuple[Query, ...]
    width: int = 12
    height: int = 8
    steps: tuple[tuple[float | None, str], ...] = ((None, BLUE),)
    states: tuple[tuple[str, Text, str], ...] = ()  # (value, words, colour)
    decimals: int | None = None
    columns: tuple[tuple[str, Text, str], ...] = ()  # of a table: (field, heading, unit), in order
    links: tuple[tuple[Text, str], ...] = ()
    exemplars: bool = False


@dataclass(frozen=True)
class Row:
    title: Text
    panels: tuple[Panel, ...]


@dataclass(frozen=True)
class Variable:
    """Filled from ``label_values(query)``. Not ``multi``: one value, and no "all"."""

    name: str
    label: Text
    query: str
    multi: bool = True
    hidden: bool = False


@dataclass(frozen=True)
class Board:
    name: str
    title: Text
    description: Text
    variables: tuple[Variable, ...]
    rows: tuple[Row, ...]


def uid(name: str, language: str) -> str:
    return f"paycanary-{name}" + ("" if language == "en" else f"-{language}")


def render(board: Board, language: str) -> str:
    """The dashboard's JSON: the same bytes for the same board, keys sorted."""
    built = (
        dashboard.Dashboard(board.title.in_(language))
        .uid(uid(board.name, language))
        .description(board.description.in_(language))
        .tags([TAG, language])
        .readonly()
        .refresh("30s")
        .time("now-6h", "now")
        .timezone("browser")
        .tooltip(models.DashboardCursorSync.CROSSHAIR)
        .link(_link_to_others(language))
        .annotation(_incidents(language))
        .with_variable(
            dashboard.DatasourceVariable("datasource").label(Text("Data source", "数据源").in_(language)).type("prometheus")
        )
    )
    for variable in board.variables:
        built.with_variable(_variable(variable, language))
    number = 0
    for row in board.rows:
        number += 1
        built.with_row(dashboard.Row(row.title.in_(language)).id(number))
        for panel in row.panels:
            number += 1
            built.with_panel(_panel(panel, language).id(number))
    return json.dumps(_plain(built.build()), ensure_ascii=False, indent=2, sort_keys=True) + "\n"


def _plain(model: object) -> Any:
    return json.loads(json.dumps(model, cls=JSONEncoder))


def _link_to_others(language: str) -> dashboard.DashboardLink:
    link = dashboard.DashboardLink("paycanary").type(models.DashboardLinkType.DASHBOARDS).tags([TAG, language])
    return link.as_dropdown(True).include_vars(True).keep_time(True)


def _incidents(language: str) -> dashboard.AnnotationQuery:
    name = Text("Open incidents", "未解决的事件").in_(language)
    query = dashboard.AnnotationQuery().name(name).datasource(SOURCE).enable(True).icon_color(RED)
    return query.expr("sum by (severity) (paycanary_incidents_open) > 0")


def _variable(variable: Variable, language: str) -> dashboard.QueryVariable:
    made = (
        dashboard.QueryVariable(variable.name)
        .label(variable.label.in_(language))
        .query(f"label_values({variable.query})")
        .datasource(SOURCE)
        .refresh(models.VariableRefresh.ON_TIME_RANGE_CHANGED)
        .sort(models.VariableSort.ALPHABETICAL_ASC)
        .multi(variable.multi)
        .include_all(variable.multi)
    )
    if variable.multi:
        # An empty label is a value too: a check without strata has the stratum "".
        made.all_value(".*").current(models.VariableOption(text="All", value="$__all", selected=True))
    return made.hide(models.VariableHide.HIDE_VARIABLE) if variable.hidden else made


def _panel(panel: Panel, language: str) -> Any:
    makers = {"stat": _stat, "lines": _lines, "bars": _bars, "table": _table, "states": _states, "heatmap": _heatmap}
    made = makers[panel.kind](panel, language)
    made.title(panel.title.in_(language)).description(panel.help.in_(language)).unit(panel.unit).datasource(SOURCE)
    made.span(panel.width).height(panel.height).no_value("-")
    made.thresholds(_thresholds(panel)).mappings(_mappings(panel, language))
    if panel.decimals is not None:
        made.decimals(panel.decimals)
    if panel.links:
        made.data_links(
            [dashboard.DashboardLink(title.in_(language)).url(_in_language(url, language)) for title, url in panel.links]
        )
    for place, query in enumerate(panel.queries):
        made.with_target(_target(panel, query, chr(ord("A") + place), language))
    return made


def _in_language(url: str, language: str) -> str:
    return url.replace("{check}", uid("check", language))


def _target(panel: Panel, query: Query, ref: str, language: str) -> prometheus.Dataquery:
    legend = query.legend.in_(language) if isinstance(query.legend, Text) else query.legend
    target = prometheus.Dataquery().ref_id(ref).expr(query.expr).legend_format(legend).datasource(SOURCE)
    if panel.kind in {"stat", "table"}:
        target.instant()
    else:
        target.range().exemplar(panel.exemplars)
    if panel.kind == "table":
        target.format(PromQueryFormat.TABLE)
    if panel.kind == "heatmap":
        target.format(PromQueryFormat.HEATMAP)
    return target


def _thresholds(panel: Panel) -> dashboard.ThresholdsConfig:
    steps = [models.Threshold(value=value, color=colour) for value, colour in panel.steps]
    return dashboard.ThresholdsConfig().mode(models.ThresholdsMode.ABSOLUTE).steps(steps)


def _mappings(panel: Panel, language: str) -> list[Any]:
    options = {
        value: models.ValueMappingResult(text=words.in_(language), color=colour, index=place)
        for place, (value, words, colour) in enumerate(panel.states)
    }
    return [models.ValueMap(options=options)] if options else []


def _stat(_panel: Panel, _language: str) -> stat.Panel:
    reduce = common.ReduceDataOptions().calcs(["lastNotNull"])
    made = stat.Panel().reduce_options(reduce).graph_mode(common_models.BigValueGraphMode.NONE).max_data_points(STAT_POINTS)
    return made.color_mode(common_models.BigValueColorMode.VALUE)


def _lines(_panel: Panel, _language: str) -> timeseries.Panel:
    legend = common.VizLegendOptions().display_mode(common_models.LegendDisplayMode.TABLE).calcs(["lastNotNull", "max"])
    legend.placement(common_models.LegendPlacement.BOTTOM).show_legend(True)
    tooltip = common.VizTooltipOptions().mode(common_models.TooltipDisplayMode.MULTI).sort(common_models.SortOrder.DESCENDING)
    return timeseries.Panel().fill_opacity(8).line_width(1).min(0).legend(legend).tooltip(tooltip)


def _bars(panel: Panel, language: str) -> timeseries.Panel:
    stacked = common.StackingConfig().mode(common_models.StackingMode.NORMAL).group("A")
    return _lines(panel, language).draw_style(common_models.GraphDrawStyle.BARS).fill_opacity(80).stacking(stacked)


def _states(_panel: Panel, _language: str) -> statetimeline.Panel:
    return statetimeline.Panel().merge_values(True).row_height(0.8).fill_opacity(80)


def _heatmap(_panel: Panel, _language: str) -> heatmap.Panel:
    colour = heatmap.HeatmapColorOptions().mode(HeatmapColorMode.SCHEME).scheme("Oranges").steps(64)
    return heatmap.Panel().color(colour)


def _table(panel: Panel, language: str) -> table.Panel:
    order = {field: place for place, (field, _, _) in enumerate(panel.columns)}
    headings = {field: heading.in_(language) for field, heading, _ in panel.columns}
    shown = models.DataTransformerConfig(
        "organize", options={"indexByName": order, "renameByName": headings, "includeByName": dict.fromkeys(order, True)}
    )
    made = table.Panel().transformations([models.DataTransformerConfig("merge", options={}), shown])
    for _, heading, unit in panel.columns:
        if unit:
            made.override_by_name(heading.in_(language), [models.DynamicConfigValue(id_val="unit", value=unit)])
    return made
