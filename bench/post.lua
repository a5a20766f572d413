-- wrk: one weather report per request, the synthetic mix (70 % chinautla, 10 % each of three others).
-- Bodies vary in values, fractions, key order and white space. They are made before the run, so that
-- wrk's own cost stays small: 4,096 different ones, in an order that is random for each connection's turn.
local municipalities = {"mixco", "guatemala", "amatitlan"}
local conditions = {"sunny", "cloudy", "rainy", "foggy"}
local layouts = {
  '{"municipality":"%s","temperature":%s,"humidity":%s,"weather":"%s"}',
  '{"municipality": "%s", "temperature": %s, "humidity": %s, "weather": "%s"}',
}
local swapped = '{"weather":"%s","humidity":%s,"temperature":%s,"municipality":"%s"}'
local requests = {}

local function value(low, high)
  local number = math.random(low * 10, high * 10) / 10
  return math.random(2) == 1 and tostring(math.floor(number)) or string.format("%.1f", number)
end

local function body()
  local municipality = math.random(10) <= 7 and "chinautla" or municipalities[math.random(3)]
  local condition = conditions[math.random(4)]
  if math.random(3) == 1 then
    return string.format(swapped, condition, value(30, 90), value(15, 35), municipality)
  end
  return string.format(layouts[math.random(2)], municipality, value(15, 35), value(30, 90), condition)
end

function init()
  math.randomseed(os.time())
  local headers = {["Content-Type"] = "application/json"}
  for i = 1, 4096 do requests[i] = wrk.format("POST", "/api/weather", headers, body()) end
end

function request() return requests[math.random(#requests)] end
