-- wrk: weather reports by POST. Bodies vary in values, fractions, key order and white space. They are made
-- before the run, so that wrk's own cost stays small, and taken in random order.
--
-- BENCH_ROWS            reports of one request: 1 (the default) an object, more: NDJSON
-- BENCH_MUNICIPALITIES  slugs, separated by commas, each as likely as the others;
--                       default: the synthetic mix (70 % chinautla, 10 % each of three others)
-- BENCH_PIPELINE        requests sent at once (default 1)
local rows = tonumber(os.getenv("BENCH_ROWS") or "1")
local depth = tonumber(os.getenv("BENCH_PIPELINE") or "1")
local conditions = {"sunny", "cloudy", "rainy", "foggy"}
local layouts = {
  '{"municipality":"%s","temperature":%s,"humidity":%s,"weather":"%s"}',
  '{"municipality": "%s", "temperature": %s, "humidity": %s, "weather": "%s"}',
}
local swapped = '{"weather":"%s","humidity":%s,"temperature":%s,"municipality":"%s"}'
local requests = {}

local municipalities = {}
for slug in string.gmatch(os.getenv("BENCH_MUNICIPALITIES") or "", "[^,]+") do
  municipalities[#municipalities + 1] = slug
end

local function municipality()
  if #municipalities > 0 then return municipalities[math.random(#municipalities)] end
  local others = {"mixco", "guatemala", "amatitlan"}
  return math.random(10) <= 7 and "chinautla" or others[math.random(3)]
end

local function value(low, high)
  local number = math.random(low * 10, high * 10) / 10
  return math.random(2) == 1 and tostring(math.floor(number)) or string.format("%.1f", number)
end

local function report()
  local condition = conditions[math.random(4)]
  if math.random(3) == 1 then
    return string.format(swapped, condition, value(30, 90), value(15, 35), municipality())
  end
  return string.format(layouts[math.random(2)], municipality(), value(15, 35), value(30, 90), condition)
end

local function body()
  if rows == 1 then return report() end
  local lines = {}
  for i = 1, rows do lines[i] = report() end
  return table.concat(lines, "\n")
end

function init()
  math.randomseed(os.time())
  local kind = rows == 1 and "application/json" or "application/x-ndjson"
  for i = 1, math.max(16, math.floor(4096 / rows / depth)) do
    local together = {}
    for k = 1, depth do
      together[k] = wrk.format("POST", "/api/weather", {["Content-Type"] = kind}, body())
    end
    requests[i] = table.concat(together)
  end
end

function request() return requests[math.random(#requests)] end
