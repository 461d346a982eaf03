-- One budget shared by all processes: every move is one run of this script, which Redis runs alone. It never waits.
--
-- KEYS[1] budget:{<name>}:leases  ZSET  lease `<calls>:<random>` -> epoch seconds when it ends by itself
-- KEYS[2] budget:{<name>}:calls   HASH  slice number -> calls granted in that slice that the API has not told back yet
-- KEYS[3] budget:{<name>}:facts   HASH  of these fields, each absent until there is something to know:
--           tokens, filled_at             the bucket, and the epoch seconds up to which it was filled
--           told_used, told_allowed, told_at   the API's own figures, and when they came
--           limit, lowered_at             slots (a fraction grows in it), and when it was last lowered
--           usual_seconds                 the running latency of one call
--           paused_until, paused_why      epoch seconds, and the words for people
-- The braces keep the three in one slot of a cluster. All of it may be lost: the API's next reply tells the figures again.
--
-- ARGV: move, now (epoch seconds), then name and value in turn: the rules and what the move is about.
-- A limit that the API does not have is an absent rule. Seconds leave as text, because Redis cuts numbers to integers.

local leases, calls, facts = KEYS[1], KEYS[2], KEYS[3]
local move, now = ARGV[1], tonumber(ARGV[2])

local given = {}
for i = 3, #ARGV, 2 do given[ARGV[i]] = tonumber(ARGV[i + 1]) or ARGV[i + 1] end

local fact = {}
local pairs_of_facts = redis.call('HGETALL', facts)
for i = 1, #pairs_of_facts, 2 do
  fact[pairs_of_facts[i]] = tonumber(pairs_of_facts[i + 1]) or pairs_of_facts[i + 1]
end

-- All digits of a float; tostring would round epoch seconds to a tenth of a millisecond.
local function exact(number) return string.format('%.17g', number) end

local function remember(field, value)
  redis.call('HSET', facts, field, type(value) == 'number' and exact(value) or value)
end

local function calls_of(lease) return tonumber(string.match(lease, '^%d+')) end

local function limit() return math.max(given.least, math.min(given.most, fact.limit or given.least)) end

local function allowed() return fact.told_allowed or given.allowed end

-- What the API told holds until the last call in it has left the window.
local function told()
  if fact.told_at and now - fact.told_at < given.window then return fact.told_used end
  return 0
end

-- Our calls in the window; forgets slices that have left it entirely.
local function own()
  local oldest, sum = math.floor((now - given.window) / given.slice), 0
  local slices = redis.call('HGETALL', calls)
  for i = 1, #slices, 2 do
    if tonumber(slices[i]) < oldest then
      redis.call('HDEL', calls, slices[i])
    else
      sum = sum + tonumber(slices[i + 1])
    end
  end
  return sum
end

local function this_slice() return math.floor(now / given.slice) end

local function count(number) redis.call('HINCRBY', calls, exact(this_slice()), number) end

-- Clocks of two machines differ: time never runs backwards here.
local function filled_bucket()
  if not fact.filled_at then return given.bucket end
  return math.min(given.bucket, fact.tokens + math.max(0, now - fact.filled_at) * given.rate)
end

local function spend()
  local wanted = calls_of(given.lease)
  if now < (fact.paused_until or 0) then return { 'paused', exact(fact.paused_until) } end
  if redis.call('ZCARD', leases) >= math.floor(limit()) then
    return { 'concurrency', exact(now + given.recheck) }
  end
  local tokens = given.rate and filled_bucket()
  if tokens then
    local missing = math.min(wanted, given.bucket) - tokens
    if missing > given.dust then return { 'burst', exact(now + missing / given.rate) } end
  end
  if given.allowed then
    local left = math.floor(allowed() * given.share) - told()
    if own() + wanted > given.part * left then
      return { 'daily', exact((this_slice() + 1) * given.slice) }
    end
    count(wanted)
  end
  if tokens then
    remember('tokens', tokens - wanted)
    remember('filled_at', math.max(now, fact.filled_at or now))
  end
  redis.call('ZADD', leases, exact(now + given.lease_seconds), given.lease)
  return { 'granted', given.lease }
end

-- The limit after an outcome: up by one after as many good ones as it is high, half after a slow or failed one.
local function learn()
  local seconds = given.seconds / calls_of(given.lease)
  local usual = fact.usual_seconds or seconds
  local slow_from = math.max(given.slow_factor * usual, given.slow_floor)
  local failed = given.failed == 1
  if not failed then
    -- Slow calls count, but no more than barely slow: an API that got slower for good becomes the usual.
    remember('usual_seconds', usual + given.weight * (math.min(seconds, slow_from) - usual))
  end
  if not failed and seconds <= slow_from then
    remember('limit', math.min(given.most, limit() + 1 / limit()))
  elseif now - (fact.lowered_at or 0) >= given.calm then
    remember('limit', math.max(given.least, limit() / 2))
    remember('lowered_at', now)
  end
end

local function done()
  if now + given.pause > math.max(now, fact.paused_until or 0) then
    remember('paused_until', now + given.pause)
    remember('paused_why', given.pause_why)
  end
  if redis.call('ZREM', leases, given.lease) == 1 then learn() end
end

-- Only those that still hold: the slot of another may be somebody else's by now.
local function renew()
  for lease in string.gmatch(given.renewed, '%S+') do
    redis.call('ZADD', leases, 'XX', exact(now + given.lease_seconds), lease)
  end
end

local function observe()
  local late = fact.told_at and now - fact.told_at < given.late
  if not given.allowed or (late and given.told_used < fact.told_used) then return end
  remember('told_used', given.told_used)
  remember('told_allowed', given.told_allowed)
  remember('told_at', now)
  -- Whether the figure has the calls of open leases in it, nobody knows: they count once more.
  redis.call('DEL', calls)
  for _, lease in ipairs(redis.call('ZRANGE', leases, 0, -1)) do count(calls_of(lease)) end
end

local function state()
  local daily = given.allowed
  local paused = now < (fact.paused_until or 0)
  return {
    daily and told() + own() or 0,
    daily and allowed() or '',
    fact.told_at and exact(fact.told_at) or '',
    redis.call('ZCARD', leases),
    math.floor(limit()),
    paused and exact(fact.paused_until) or '',
    paused and fact.paused_why or '',
  }
end

redis.call('ZREMRANGEBYSCORE', leases, '-inf', now)
return ({ spend = spend, done = done, renew = renew, observe = observe, state = state })[move]()
