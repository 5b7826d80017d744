// Charts of dashboards. A panel gives plain data in a <script type="application/json">; the shapes are listed in
// hrp/platform/ui/dashboards.py. Nothing here knows a subject.
import * as echarts from "echarts/core";
import { BarChart, HeatmapChart, LineChart, PieChart, ScatterChart } from "echarts/charts";
import {
  AriaComponent,
  GridComponent,
  LegendComponent,
  MarkLineComponent,
  TooltipComponent,
  VisualMapComponent,
} from "echarts/components";
import { CanvasRenderer } from "echarts/renderers";

echarts.use([
  BarChart, HeatmapChart, LineChart, PieChart, ScatterChart,
  AriaComponent, GridComponent, LegendComponent, MarkLineComponent, TooltipComponent, VisualMapComponent,
  CanvasRenderer,
]);

const COLOURS = ["#2468d8", "#16a394", "#f0a536", "#7a5bd6", "#e2647c", "#4ea6e8", "#9aa8bd"];
const PALE = "#b9cdf2";
const INK = "#172033";
const INK_2 = "#465268";
const INK_3 = "#5f6b82";
const LOSS = "#e2647c";
const font = getComputedStyle(document.documentElement).getPropertyValue("--font");
const number = (value) => Number(value).toLocaleString("zh-CN");

const BASE = {
  color: COLOURS,
  textStyle: { fontFamily: font, fontSize: 12 },
  animationDuration: matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : 400,
  aria: { enabled: true },
  tooltip: {
    trigger: "axis",
    backgroundColor: "#fff",
    borderColor: "#e4e9f0",
    borderWidth: 1,
    padding: [8, 12],
    textStyle: { color: INK, fontSize: 12 },
    extraCssText: "box-shadow:0 4px 16px rgba(16,32,64,.12);border-radius:8px",
  },
};

const categories = (data, more = {}) => ({
  type: "category",
  data,
  axisLine: { lineStyle: { color: "#d3dae5" } },
  axisTick: { show: false },
  axisLabel: { color: INK_3, fontSize: 11 },
  ...more,
});
const values = (more = {}) => ({
  type: "value",
  splitLine: { lineStyle: { color: "#e9edf3" } },
  axisLabel: { color: INK_3, fontSize: 11, formatter: number },
  ...more,
});
const short = (name, most) => (name.length > most ? `${name.slice(0, most - 1)}…` : name);
const legend = (more = {}) => ({
  type: "scroll",
  pageIconSize: 9,
  pageTextStyle: { color: INK_3, fontSize: 11 },
  left: 12,
  top: 0,
  right: 8,
  itemWidth: 10,
  itemHeight: 10,
  itemGap: 12,
  icon: "roundRect",
  textStyle: { color: INK_2, fontSize: 12 },
  ...more,
});
const line = (series, color) => ({
  ...series,
  type: "line",
  smooth: 0.3,
  symbolSize: 5,
  lineStyle: { width: 2 },
  itemStyle: { color },
});

const SHAPES = {
  // {labels, bars: [{name, data}], lines: [{name, data}], stacked, line_unit}
  bars({ labels, bars = [], lines = [], stacked = false, line_unit: unit = "" }) {
    const paired = !stacked && bars.length === 2;
    const colours = stacked ? ["#2468d8", "#5b93e8", "#16a394", "#7fd0c6", PALE, "#7a5bd6", "#e2647c"] : COLOURS;
    return {
      legend: legend(),
      grid: { left: 52, right: lines.length ? 40 : 14, top: 32, bottom: 24 },
      xAxis: categories(labels),
      yAxis: [
        values({ splitNumber: 4 }),
        ...(lines.length
          ? [values({ splitLine: { show: false }, axisLabel: { color: INK_3, fontSize: 11, formatter: `{value}${unit}` } })]
          : []),
      ],
      series: [
        ...bars.map((series, index) => ({
          ...series,
          type: "bar",
          stack: stacked ? "all" : undefined,
          barMaxWidth: stacked ? 22 : 14,
          barGap: "15%",
          itemStyle: {
            color: paired && index === 1 ? PALE : colours[index % colours.length],
            borderRadius: stacked ? 0 : [3, 3, 0, 0],
          },
        })),
        ...lines.map((series) => line({ ...series, yAxisIndex: 1 }, "#f0a536")),
      ],
    };
  },
  // {labels, lines: [{name, data}]}
  lines({ labels, lines = [] }) {
    return {
      legend: legend(),
      grid: { left: 52, right: 14, top: 32, bottom: 24 },
      xAxis: categories(labels),
      yAxis: values({ scale: true, splitNumber: 4 }),
      series: lines.map((series, index) => line(series, COLOURS[index % COLOURS.length])),
    };
  },
  // {parts: [[name, value]], unit}
  ring({ parts, unit = "" }) {
    const sum = parts.reduce((carried, [, value]) => carried + Number(value), 0);
    const share = new Map(parts.map(([name, value]) => [name, sum ? (Number(value) / sum) * 100 : 0]));
    return {
      tooltip: {
        ...BASE.tooltip,
        trigger: "item",
        formatter: (point) => `${echarts.format.encodeHTML(point.name)}<br><b>${number(point.value)}</b> ${unit}　${point.percent}%`,
      },
      legend: {
        orient: "vertical",
        right: 8,
        top: "middle",
        itemWidth: 9,
        itemHeight: 9,
        itemGap: 10,
        icon: "circle",
        textStyle: {
          fontSize: 12,
          color: INK_2,
          rich: { value: { color: INK, fontWeight: 600, width: 44, align: "right" }, name: { width: 112 } },
        },
        formatter: (name) => `{name|${short(name, 9)}}{value|${share.get(name).toFixed(1)}%}`,
      },
      series: [
        {
          type: "pie",
          radius: ["48%", "68%"],
          center: ["26%", "50%"],
          padAngle: 1.5,
          itemStyle: { borderRadius: 4 },
          label: {
            show: true,
            position: "center",
            formatter: `{sum|${number(Math.round(sum * 100) / 100)}}\n{unit|${unit}}`,
            rich: {
              sum: { fontSize: 19, fontWeight: 650, color: INK, lineHeight: 26 },
              unit: { fontSize: 12, color: INK_3 },
            },
          },
          data: parts.map(([name, value]) => ({ name, value: Number(value) })),
        },
      ],
    };
  },
  // {rows: [[name, value]]}: biggest first, losses to the left
  ranking({ rows }) {
    const sorted = [...rows].reverse();
    const loss = sorted.some(([, value]) => Number(value) < 0);
    return {
      tooltip: { ...BASE.tooltip, axisPointer: { type: "shadow" } },
      grid: { left: 96, right: 56, top: 2, bottom: 6 },
      xAxis: values({ show: false }),
      yAxis: categories(sorted.map(([name]) => name), {
        axisLine: { show: false },
        axisLabel: { color: INK_2, fontSize: 12, width: 88, overflow: "truncate" },
        position: "left",
      }),
      series: [
        {
          type: "bar",
          barMaxWidth: 12,
          label: { show: true, color: INK_2, fontSize: 11, formatter: (point) => number(point.value) },
          data: sorted.map(([, value]) => ({
            value: Number(value),
            itemStyle: {
              color: Number(value) < 0 ? LOSS : COLOURS[0],
              borderRadius: Number(value) < 0 ? [3, 0, 0, 3] : [0, 3, 3, 0],
            },
            label: { position: loss && Number(value) < 0 ? "left" : "right" },
          })),
        },
      ],
    };
  },
  // {columns, rows, cells: [[column, row, value]], unit}
  heat({ columns, rows, cells, unit = "" }) {
    const numbers = cells.map(([, , value]) => Number(value));
    const low = Math.min(...numbers);
    const high = Math.max(...numbers);
    return {
      tooltip: {
        ...BASE.tooltip,
        trigger: "item",
        formatter: ({ value }) =>
          `${echarts.format.encodeHTML(rows[value[1]])}　${echarts.format.encodeHTML(columns[value[0]])}<br><b>${number(value[2])}</b> ${unit}`,
      },
      grid: { left: 92, right: 8, top: 4, bottom: 24 },
      xAxis: categories(columns, { axisLine: { show: false } }),
      yAxis: categories(rows, {
        axisLine: { show: false },
        inverse: true,
        axisLabel: { color: INK_2, fontSize: 12, width: 84, overflow: "truncate" },
      }),
      visualMap: {
        show: false,
        min: low,
        max: high,
        inRange: { color: ["#eef6fd", "#c3dbf7", "#7fb0ec", "#2f74d8", "#14418f"] },
      },
      series: [
        {
          type: "heatmap",
          data: cells.map((value) => ({
            value,
            label: { color: value[2] > low + (high - low) * 0.55 ? "#fff" : "#33415c" },
          })),
          label: { show: true, fontSize: 11, formatter: ({ value }) => Number(value[2].toPrecision(3)).toString() },
          itemStyle: { borderColor: "#fff", borderWidth: 2, borderRadius: 4 },
        },
      ],
    };
  },
  // {points: [{name, x, y, size}], x, y, x_line, y_line}
  bubbles({ points, x = "", y = "", x_line: xLine = null, y_line: yLine = null }) {
    const most = Math.max(1, ...points.map((point) => Number(point.size)));
    const tone = (point) => {
      const right = xLine === null || point.x >= xLine;
      const top = yLine === null || point.y >= yLine;
      if (top) return right ? "#16a394" : "#2468d8";
      return right ? LOSS : "#f0a536";
    };
    return {
      tooltip: {
        ...BASE.tooltip,
        trigger: "item",
        formatter: ({ data }) =>
          `<b>${echarts.format.encodeHTML(data.name)}</b><br>${x} ${data.value[0]}　${y} ${number(data.value[1])}<br>${data.value[2]}`,
      },
      grid: { left: 56, right: 16, top: 10, bottom: 38 },
      xAxis: values({
        name: x,
        nameLocation: "middle",
        nameGap: 22,
        nameTextStyle: { color: INK_3, fontSize: 11 },
        splitLine: { show: false },
      }),
      yAxis: values(),
      series: [
        {
          type: "scatter",
          symbolSize: (value) => 6 + Math.sqrt(value[2] / most) * 26,
          data: points.map((point) => ({
            name: point.name,
            value: [point.x, point.y, point.size],
            itemStyle: { color: tone(point), opacity: 0.78, borderColor: "#fff" },
          })),
          label: { show: true, position: "right", distance: 4, formatter: "{b}", fontSize: 11, color: INK_2 },
          labelLayout: { hideOverlap: true },
          markLine: {
            silent: true,
            symbol: "none",
            label: { show: false },
            lineStyle: { color: "#a3adbf", type: "dashed" },
            data: [
              ...(xLine === null ? [] : [{ xAxis: xLine }]),
              ...(yLine === null ? [] : [{ yAxis: yLine }]),
            ],
          },
        },
      ],
    };
  },
};

const drawn = new Map();

function draw() {
  for (const [host, chart] of drawn) {
    if (!host.isConnected) {
      chart.dispose();
      drawn.delete(host);
    }
  }
  for (const host of document.querySelectorAll("[data-chart]")) {
    if (drawn.has(host)) continue;
    const data = JSON.parse(document.getElementById(host.dataset.data).textContent);
    const chart = echarts.init(host);
    chart.setOption({ ...BASE, ...SHAPES[host.dataset.chart](data) });
    chart.on("click", ({ dataIndex, name }) => {
      const link = data.links?.[name] ?? data.links?.[dataIndex];
      if (link) location.href = link;
    });
    drawn.set(host, chart);
  }
}

draw();
document.addEventListener("htmx:after:swap", draw);
new ResizeObserver(() => drawn.forEach((chart) => chart.resize())).observe(document.getElementById("main") ?? document.body);
