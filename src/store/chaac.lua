#!lua name=chaac_v1
-- Chaac's function library: every write to the store happens here, atomically, at most once.
--
-- chaac_open_v1      creates a writer's fence
-- chaac_lease_v1     leases a block of report ids
-- chaac_commit_v1    commits one batch: all of it or nothing
-- chaac_snapshot_v1  reads all that the statistics need, at one instant
--
-- The fence of a writer holds the sequence number of its last commit. A commit names its own number;
-- a repeat of one already applied, however late it arrives, changes nothing. Functions have no
-- rollback, so a commit records each step and undoes them all when one fails (a key of a wrong type).
-- A batch that is refused closes its writer, so that no late copy of it can be applied afterwards.
--
-- The name of a function carries its version: released code is never changed under the same name.

-- Ids of clients are remembered in hashes that take turns. Each covers 25 hours: the promise is 24, and
-- the rest allows for clocks that differ. A clock may be set back by as much, also that of a promoted
-- replica: what was remembered in the next hash is still found.
local SEEN_BUCKET_S = 90000

-- A commit's keys and arguments that come before those of its municipalities and its ids.
local FIXED_KEYS, FIXED_ARGUMENTS = 4, 7

-- Arguments of one command: Lua's unpack fails near 8,000.
local ARGUMENTS_MAX = 1000

-- Key names by municipality, so that they are built once and not in every commit. Bounded: the table
-- starts anew when it is full.
local NAMES_MAX = 5000
local names_by_count_key, names_count = {}, 0

-- `count_key` is 'count:' and the municipality (in a cluster, its hash tag).
local function names_of(count_key, conditions)
  local names = names_by_count_key[count_key]
  if names and names.conditions == conditions then return names end
  if names_count >= NAMES_MAX then names_by_count_key, names_count = {}, 0 end
  local m = string.sub(count_key, 7)
  names = {
    municipality = m,
    conditions = conditions,
    count = count_key,
    weather = {},
    temperature = {count = 'temp_count:' .. m, sum = 'temp_sum:' .. m, list = 'temperatures:' .. m},
    humidity = {count = 'humidity_count:' .. m, sum = 'humidity_sum:' .. m, list = 'humidity:' .. m},
    tweets = 'tweets:' .. m,
    recent = 'recent:' .. m,
    extremes = 'extremes:' .. m,
    series = 'series:' .. m .. ':',
  }
  for i, condition in ipairs(conditions) do names.weather[i] = 'weather:' .. m .. ':' .. condition end
  names_by_count_key[count_key] = names
  names_count = names_count + 1
  return names
end

-- The settings of a server arrive as one string, the same in every commit: parsed once.
-- 'data_ttl_s series_ttl_s fence_ttl_s list_length_max municipalities_max client_ids_max sunny,cloudy'
local options_by_text, options_count = {}, 0

local function options_of(text)
  local options = options_by_text[text]
  if options then return options end
  if options_count >= 100 then options_by_text, options_count = {}, 0 end
  local data, series, fence, list, municipalities, ids, conditions =
    string.match(text, '^(%d+) (%d+) (%d+) (%d+) (%d+) (%d+) (%S+)$')
  options = {
    data_ttl_s = tonumber(data),
    series_ttl_s = tonumber(series) + 3600,  -- From the hour's first report: the hour itself, and then.
    fence_ttl_s = tonumber(fence),
    list_length_max = tonumber(list),
    list_length_trimmed_at = math.floor(tonumber(list) * 1.3),
    municipalities_max = tonumber(municipalities),
    client_ids_max = tonumber(ids),
    conditions = {},
  }
  for condition in string.gmatch(conditions, '[^,]+') do
    options.conditions[#options.conditions + 1] = condition
  end
  options_by_text[text] = options
  options_count = options_count + 1
  return options
end

-- The numbers of texts that come again and again: counts, and measurements. Converting a text costs more
-- than looking it up. Bounded: the table starts anew when it is full.
local NUMBERS_MAX = 5000
local number_by_text, numbers_count = {}, 0

local function number_of(text)
  local number = number_by_text[text]
  if number then return number end
  number = tonumber(text)
  if numbers_count >= NUMBERS_MAX then number_by_text, numbers_count = {}, 0 end
  number_by_text[text] = number
  numbers_count = numbers_count + 1
  return number
end

-- The steps done by the commit under way: an undo function and its three arguments, one behind another.
local undo, undo_count = {}, 0

local function remember(fn, a, b, c)
  undo[undo_count + 1], undo[undo_count + 2], undo[undo_count + 3], undo[undo_count + 4] = fn, a, b, c
  undo_count = undo_count + 4
end

local function undo_all()
  for i = undo_count - 3, 1, -4 do undo[i](undo[i + 1], undo[i + 2], undo[i + 3]) end
  undo_count = 0
end

local function undo_increment(key, n) redis.call('DECRBY', key, n) end
local function undo_create(key) redis.call('DEL', key) end
local function undo_set(key, old) redis.call('SET', key, old, 'KEEPTTL') end
local function undo_push(key, n) redis.call('LPOP', key, n) end
local function undo_field(key, field, old)
  if old then redis.call('HSET', key, field, old) else redis.call('HDEL', key, field) end
end
local function undo_hash(key, old)
  for field, value in pairs(old) do undo_field(key, field, value) end
end
local function undo_add(key, member) redis.call('SREM', key, member) end

-- Adds `n` to a count. Returns whether that created the key, and the count.
local function increment(key, n)
  local count = redis.call('INCRBY', key, n)
  local created = count == number_of(n)
  if created then remember(undo_create, key) else remember(undo_increment, key, n) end
  return created, count
end

-- Adds `amount` (decimal text) to a running sum: exactly while all are integers. `created`: the samples'
-- count was created by this commit, and so is the sum.
local function add_to_sum(measurement, amount, created)
  local key = measurement.sum
  if not measurement.is_decimal and string.find(amount, '^%-?%d+$') then
    local reply = redis.pcall('INCRBY', key, amount)
    if type(reply) == 'number' then
      if created then remember(undo_create, key) else remember(undo_increment, key, amount) end
      return
    end
    if not string.find(reply.err, 'not an integer', 1, true) then error(reply) end
  end
  measurement.is_decimal = true
  local old = not created and redis.call('GET', key)
  redis.call('INCRBYFLOAT', key, amount)
  if old then remember(undo_set, key, old) else remember(undo_create, key) end
end

-- Pushes arguments[first..last] onto a list, newest last. Returns the list's length.
local function push(key, arguments, first, last)
  local length
  for from = first, last, ARGUMENTS_MAX do
    local to = math.min(last, from + ARGUMENTS_MAX - 1)
    length = redis.call('LPUSH', key, unpack(arguments, from, to))
    remember(undo_push, key, to - from + 1)
  end
  return length
end

-- Commits one measurement (temperature or humidity) of one municipality. The arguments at `position`:
-- samples, and when there are any: sum, min, max, how many values follow, the values.
-- Returns the position behind, and the measurement or nil.
local function commit_measurement(names, arguments, position)
  local samples = arguments[position]
  if samples == '0' then return position + 1, nil end
  local listed = number_of(arguments[position + 4])
  local created = increment(names.count, samples)
  add_to_sum(names, arguments[position + 1], created)
  local first = position + 5
  local length = push(names.list, arguments, first, first + listed - 1)
  return first + listed, {
    samples = number_of(samples),
    sum = tonumber(arguments[position + 1]),
    low = arguments[position + 2],
    high = arguments[position + 3],
    min = number_of(arguments[position + 2]),
    max = number_of(arguments[position + 3]),
    length = length,
    created = created,
  }
end

-- The key in which this commit found a value that is not what it should be.
local bad_key

local function refuse(key, why)
  bad_key = key
  error({err = why})
end

local function none() return {samples = 0, sum = 0, low = '-', high = '-'} end

-- A minute's bucket from its text: 'count' and 'samples sum min max' of temperature and of humidity.
local function parse_bucket(key, text)
  if not text then return {count = 0, temperature = none(), humidity = none()} end
  local n, tn, ts, tlo, thi, hn, hs, hlo, hhi = string.match(text,
    '^(%d+) (%d+) (%S+) (%S+) (%S+) (%d+) (%S+) (%S+) (%S+)$')
  if not n then refuse(key, 'ERR the field is not a bucket of the series') end
  return {
    count = tonumber(n),
    temperature = {samples = tonumber(tn), sum = tonumber(ts), low = tlo, high = thi},
    humidity = {samples = tonumber(hn), sum = tonumber(hs), low = hlo, high = hhi},
  }
end

local function widen_bucket(part, new)
  part.samples = part.samples + new.samples
  part.sum = part.sum + new.sum
  if part.low == '-' or new.min < number_of(part.low) then part.low = new.low end
  if part.high == '-' or new.max > number_of(part.high) then part.high = new.high end
end

-- Adds to the minute's bucket. Returns the key when this is the minute's first commit. The last bucket of
-- a municipality is kept beside its text, so that it need not be parsed again: whoever else changed it,
-- or an undo, left another text.
local function add_to_series(names, hour, minute, count, temperature, humidity)
  local key = names.series .. hour
  local old = redis.call('HGET', key, minute)
  local bucket = names.bucket
  if not bucket or bucket.text ~= old then bucket = parse_bucket(key, old) end
  names.bucket = nil  -- Until it is written.
  bucket.count = bucket.count + count
  if temperature then widen_bucket(bucket.temperature, temperature) end
  if humidity then widen_bucket(bucket.humidity, humidity) end
  local t, h = bucket.temperature, bucket.humidity
  bucket.text = string.format('%d %d %.14g %s %s %d %.14g %s %s', bucket.count, t.samples, t.sum, t.low,
    t.high, h.samples, h.sum, h.low, h.high)
  redis.call('HSET', key, minute, bucket.text)
  names.bucket = bucket
  remember(undo_field, key, minute, old)
  return not old and key
end

-- Lowers and raises the extremes where this batch is beyond them.
local function widen_extremes(key, temperature, humidity)
  local old = redis.call('HMGET', key, 'temp_min', 'temp_max', 'humidity_min', 'humidity_max')
  for i = 1, 4 do
    if old[i] and not tonumber(old[i]) then refuse(key, 'ERR value is not a number') end
  end
  local changed, before = {}, {}
  local function set(field, was, value)
    before[field] = was
    changed[#changed + 1] = field
    changed[#changed + 1] = value
  end
  local function widen(low, high, was_low, was_high, new)
    if not was_low or new.min < tonumber(was_low) then set(low, was_low, new.low) end
    if not was_high or new.max > tonumber(was_high) then set(high, was_high, new.high) end
  end
  if temperature then widen('temp_min', 'temp_max', old[1], old[2], temperature) end
  if humidity then widen('humidity_min', 'humidity_max', old[3], old[4], humidity) end
  if #changed > 0 then
    redis.call('HSET', key, unpack(changed))
    remember(undo_hash, key, before)
  end
end

-- Enters a municipality into the index. Members whose keys have expired make room.
local function enter(index, municipality, options)
  if redis.call('SISMEMBER', index, municipality) == 1 then return end
  if redis.call('SCARD', index) >= options.municipalities_max then
    for _, member in ipairs(redis.call('SMEMBERS', index)) do
      if redis.call('EXISTS', 'count:' .. member) == 0 then redis.call('SREM', index, member) end
    end
    if redis.call('SCARD', index) >= options.municipalities_max then error({err = 'FULL'}) end
  end
  redis.call('SADD', index, municipality)
  remember(undo_add, index, municipality)
end

-- Lists that grew too long, and municipalities whose keys get a new expiry, after all else succeeded.
local trims, expiries = {}, {}

local function trim_later(key, length, allowed)
  if length > allowed then trims[#trims + 1] = key end
end

-- The commit under way: how many municipalities were created before it (text, or an error of the key),
-- whether it has created one, and whether others have created some that its server does not know of.
-- What the server believes of the extremes may then be of keys that are gone.
local creations, creates, others_created = false, false, false

-- Commits one municipality's part. The arguments at `position`: reports, flags (1: refresh the expiry,
-- 2: look at the extremes), conditions that occur, a pair (condition, count) for each, temperature,
-- humidity, how many ids follow, the ids, how many elements of `recent` follow, the elements.
-- Returns the position behind.
local function commit_municipality(names, index, arguments, position, options, hour, minute)
  local count, flags = arguments[position], arguments[position + 1]
  local is_new, total = increment(names.count, count)
  creates = creates or is_new
  local refreshes = flags == '1' or flags == '3'
  -- Now and then also one that is not new: its count may be older than the index.
  if is_new or refreshes then enter(index, names.municipality, options) end

  local condition_count = number_of(arguments[position + 2])
  position = position + 3
  local created = is_new
  for _ = 1, condition_count do
    if increment(names.weather[number_of(arguments[position])], arguments[position + 1]) then
      created = true
    end
    position = position + 2
  end

  local temperature, humidity
  position, temperature = commit_measurement(names.temperature, arguments, position)
  position, humidity = commit_measurement(names.humidity, arguments, position)

  local listed = number_of(arguments[position])
  local tweets = push(names.tweets, arguments, position + 1, position + listed)
  position = position + 1 + listed
  local elements = number_of(arguments[position])
  local recent = push(names.recent, arguments, position + 1, position + elements)
  position = position + 1 + elements
  names.newest, names.newest_count = arguments[position - 1], total

  local new_minute_key = add_to_series(names, hour, minute, number_of(count), temperature, humidity)
  if is_new or others_created or flags == '2' or flags == '3' then
    widen_extremes(names.extremes, temperature, humidity)
  end

  trim_later(names.tweets, tweets, options.list_length_max)
  trim_later(names.recent, recent, options.list_length_trimmed_at)
  if temperature then
    created = created or temperature.created
    trim_later(names.temperature.list, temperature.length, options.list_length_trimmed_at)
  end
  if humidity then
    created = created or humidity.created
    trim_later(names.humidity.list, humidity.length, options.list_length_trimmed_at)
  end
  if created or refreshes then expiries[#expiries + 1] = names end
  if new_minute_key then expiries[#expiries + 1] = new_minute_key end
  return position
end

-- All keys of a municipality expire together, those of conditions that did not occur included.
local function expire_municipality(names, ttl_s)
  local function expire(key) redis.call('EXPIRE', key, ttl_s) end
  expire(names.count)
  for _, key in ipairs(names.weather) do expire(key) end
  for _, measurement in ipairs({names.temperature, names.humidity}) do
    expire(measurement.count)
    expire(measurement.sum)
    expire(measurement.list)
  end
  expire(names.tweets)
  expire(names.recent)
  expire(names.extremes)
end

local function trim_and_expire(options)
  for i, key in ipairs(trims) do
    redis.call('LTRIM', key, 0, options.list_length_max - 1)
    trims[i] = nil
  end
  for i, what in ipairs(expiries) do
    if type(what) == 'table' then
      expire_municipality(what, options.data_ttl_s)
    else
      redis.call('EXPIRE', what, options.series_ttl_s)
    end
    expiries[i] = nil
  end
end

-- The hashes that may know an id: the current one, the previous, and the next, which is there only when
-- the clock was set back.
local function seen_keys(prefix)
  local bucket = math.floor(tonumber(redis.call('TIME')[1]) / SEEN_BUCKET_S)
  return prefix .. ':' .. bucket, prefix .. ':' .. (bucket - 1), prefix .. ':' .. (bucket + 1)
end

-- Which of the ids are known. arguments[first..]: `count` pairs (id, digest).
-- Returns nil when none is, else {'KNOWN', position, digest, …} with positions from 0.
local function known_ids(prefix, arguments, first, count)
  local current, previous, next_key = seen_keys(prefix)
  local has_next = redis.call('EXISTS', next_key) == 1
  local known
  for from = 0, count - 1, ARGUMENTS_MAX do
    local ids = {}
    for i = from, math.min(count, from + ARGUMENTS_MAX) - 1 do
      ids[#ids + 1] = arguments[first + 2 * i]
    end
    local in_current = redis.call('HMGET', current, unpack(ids))
    local in_previous = redis.call('HMGET', previous, unpack(ids))
    local in_next = has_next and redis.call('HMGET', next_key, unpack(ids)) or {}
    for i = 1, #ids do
      local digest = in_current[i] or in_previous[i] or in_next[i]
      if digest then
        known = known or {'KNOWN'}
        known[#known + 1] = from + i - 1
        known[#known + 1] = digest
      end
    end
  end
  return known
end

local function remember_ids(prefix, arguments, first, count)
  local key = seen_keys(prefix)
  for from = first, first + 2 * count - 1, ARGUMENTS_MAX do
    local to = math.min(first + 2 * count - 1, from + ARGUMENTS_MAX - 1)
    redis.call('HSET', key, unpack(arguments, from, to))
    local added = {}
    for i = from, to, 2 do added[arguments[i]] = false end
    remember(undo_hash, key, added)
  end
end

-- The window of known ids that is not what it should be, for the operator to look at.
local function find_bad_window(prefix)
  for _, key in ipairs({seen_keys(prefix)}) do
    if type(redis.pcall('HLEN', key)) ~= 'number' then return key end
  end
  return prefix
end

-- The same for the keys of a municipality and the index of all.
local function find_bad_key(names, index, hour)
  local types = {
    [index] = 'set',
    [names.count] = 'string',
    [names.tweets] = 'list', [names.recent] = 'list',
    [names.extremes] = 'hash', [names.series .. hour] = 'hash',
  }
  for _, key in ipairs(names.weather) do types[key] = 'string' end
  for _, measurement in ipairs({names.temperature, names.humidity}) do
    types[measurement.count], types[measurement.sum] = 'string', 'string'
    types[measurement.list] = 'list'
  end
  for key, expected in pairs(types) do
    local actual = redis.call('TYPE', key).ok
    if actual ~= 'none' and actual ~= expected then return key end
    if actual == 'string' and not tonumber(redis.call('GET', key)) then return key end
  end
  return names.count
end

-- The municipality of the batch that is being committed, from 1; 0: the ids of clients.
local group

-- Does all the steps. Returns why the batch is refused, if it is: then no step was done.
local function apply(keys, arguments, options)
  local hour, minute, id_count = arguments[3], arguments[4], tonumber(arguments[7])
  local first = FIXED_ARGUMENTS + 1
  group = 0
  creations = redis.pcall('GET', keys[4]) or '0'
  creates, others_created = false, creations ~= arguments[6]
  if id_count > 0 then
    local known = known_ids(keys[3], arguments, first, id_count)
    if known then return known end
    if redis.call('HLEN', (seen_keys(keys[3]))) + id_count > options.client_ids_max then
      return redis.status_reply('IDSFULL')
    end
    remember_ids(keys[3], arguments, first, id_count)
  end
  local position = first + 2 * id_count
  for i = FIXED_KEYS + 1, #keys do
    group = i - FIXED_KEYS
    position = commit_municipality(names_of(keys[i], options.conditions), keys[2], arguments, position,
      options, hour, minute)
  end
end

-- Nothing of this writer can be applied any more, however late it arrives.
local function close(fence_key, answer)
  redis.call('SET', fence_key, 'closed', 'KEEPTTL')
  return answer
end

-- The answer to a commit that was applied. A counter that is not what it should be refuses nothing: then all
-- extremes are looked at in every commit.
local function applied(creations_key)
  local count = tonumber(creations)
  if creates then count = redis.pcall('INCR', creations_key) end
  if (creates or others_created) and type(count) == 'number' then return {'APPLIED', count} end
  return redis.status_reply('APPLIED')
end

-- keys: fence, index of municipalities, prefix of the known ids, counter of creations, then a count key a
-- municipality.
-- arguments: sequence, options, hour and minute of arrival, '1' to keep the fence alive, the creations that
-- the server knows of, number of client ids, a pair (id, digest) for each, then each municipality's part
-- (see commit_municipality).
-- Answers APPLIED, or {'APPLIED', creations} when the number is not the one that the server named; REPEATED when
-- this sequence was applied before; or, with nothing applied: NOFENCE; CLOSED; {'GAP', last};
-- {'KNOWN', position, digest, …}; IDSFULL;
-- {'REFUSED', municipality from 1 or 0, key, error}; {'FULL', municipality from 1}.
local function commit(keys, arguments)
  local fence = redis.call('GET', keys[1])
  if not fence then return redis.status_reply('NOFENCE') end
  if fence == 'closed' then return redis.status_reply('CLOSED') end
  local sequence, last = tonumber(arguments[1]), tonumber(fence)
  if sequence <= last then
    -- A write, so that WAIT on this connection covers the replicas of the commit itself.
    redis.call('INCRBY', keys[1], 0)
    return redis.status_reply('REPEATED')
  end
  -- An older copy of what is missing may still be on its way: it must not open the way for this one.
  if sequence ~= last + 1 then return close(keys[1], {'GAP', last}) end

  local options = options_of(arguments[2])
  undo_count, trims, expiries, bad_key = 0, {}, {}, nil
  local done, answer = pcall(apply, keys, arguments, options)
  if done and answer then return close(keys[1], answer) end
  if not done then
    undo_all()
    local message = type(answer) == 'table' and answer.err or tostring(answer)
    if message == 'FULL' then return close(keys[1], {'FULL', group}) end
    local key = bad_key
    if not key and group == 0 then key = find_bad_window(keys[3]) end
    if not key then
      key = find_bad_key(names_of(keys[group + FIXED_KEYS], options.conditions), keys[2], arguments[3])
    end
    return close(keys[1], {'REFUSED', group, key, message})
  end

  redis.call('INCR', keys[1])
  if arguments[5] == '1' then redis.call('EXPIRE', keys[1], options.fence_ttl_s) end
  if arguments[7] ~= '0' then redis.call('EXPIRE', (seen_keys(keys[3])), 2 * SEEN_BUCKET_S) end
  trim_and_expire(options)
  return applied(keys[4])
end

-- keys: the new writer's fence, and (when there is one) the fence whose place it takes.
-- arguments: seconds until an unused fence expires.
local function open(keys, arguments)
  redis.call('SET', keys[1], 0, 'NX', 'EX', arguments[1])
  if keys[2] then redis.call('DEL', keys[2]) end
  return redis.status_reply('OPENED')
end

-- keys: the counter. arguments: how many ids. Answers the first; the block is the caller's alone.
-- Blocks begin no lower than TIME in ms * 1000, so that neither a lost tail of the AOF nor a failover
-- brings an id back (as long as fewer than a million ids a second are leased).
local function lease(keys, arguments)
  local now = redis.call('TIME')
  local floor = (tonumber(now[1]) * 1000 + math.floor(tonumber(now[2]) / 1000)) * 1000
  local first = math.max(tonumber(redis.call('GET', keys[1]) or '0'), floor)
  redis.call('SET', keys[1], string.format('%.0f', first + tonumber(arguments[1])))
  return first
end

-- When the newest report arrived: an element of `recent` ends with the arrival of its batch. Commits leave
-- their element, so that it need not be read; another count than theirs tells that it is not the newest.
local function last_arrival(names, count)
  if names.newest_count ~= count then
    local element = redis.pcall('LINDEX', names.recent, 0)
    names.newest, names.newest_count = type(element) == 'string' and element or '', count
  end
  if names.newest then
    names.arrival = string.match(string.sub(names.newest, -40), '"at":"([^"]*)"}$') or false
    names.newest = nil  -- Large, and of no more use.
  end
  return names.arrival
end

-- keys: the index of municipalities. arguments: options.
-- Answers for each municipality with reports: its name, count, temperature sum and samples, humidity sum
-- and samples, the counts of all conditions, the extremes (temperature low, high, humidity low, high), and
-- when the newest report arrived.
local function snapshot(keys, arguments)
  local options = options_of(arguments[1])
  local rows = {}
  for _, municipality in ipairs(redis.call('SMEMBERS', keys[1])) do
    local names = names_of('count:' .. municipality, options.conditions)
    local row = redis.call('MGET', names.count, names.temperature.sum, names.temperature.count,
      names.humidity.sum, names.humidity.count, unpack(names.weather))
    if row[1] then
      local extremes = redis.pcall('HMGET', names.extremes, 'temp_min', 'temp_max', 'humidity_min',
        'humidity_max')
      local count = #options.conditions + 5
      for i = 1, 4 do row[count + i] = not extremes.err and extremes[i] end
      row[count + 5] = last_arrival(names, tonumber(row[1]))
      table.insert(row, 1, municipality)
      rows[#rows + 1] = row
    end
  end
  return rows
end

redis.register_function('chaac_open_v1', open)
redis.register_function('chaac_lease_v1', lease)
redis.register_function('chaac_commit_v1', commit)
redis.register_function{function_name = 'chaac_snapshot_v1', callback = snapshot, flags = {'no-writes'}}
