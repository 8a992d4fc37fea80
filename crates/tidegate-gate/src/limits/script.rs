//! What runs in Redis: each script takes what is owed, and then grants as much of what is wanted as the limit has.
//! All return what was granted, and how many microseconds to wait for more.

/// Rate: `KEYS[1]` is the time at which all events are paid for. Arguments: microseconds an event, microseconds that one
/// may be ahead, wanted, owed.
pub(super) const RATE: &str = r"
local t = redis.call('TIME')
local now = t[1] * 1000000 + t[2]
local each, ahead = tonumber(ARGV[1]), tonumber(ARGV[2])
local want, owed = tonumber(ARGV[3]), tonumber(ARGV[4])
local paid = math.max(tonumber(redis.call('GET', KEYS[1]) or '0'), now)
paid = math.max(paid + owed * each, now)
local grant = math.max(0, math.min(want, math.floor((ahead - (paid - now)) / each + 0.000001)))
paid = paid + grant * each
if paid > now then
  redis.call('SET', KEYS[1], string.format('%.3f', paid), 'PX', math.ceil((paid - now) / 1000) + 1)
end
local wait = 0
if grant < want then wait = math.max(0, math.ceil(paid + each - ahead - now)) end
return {grant, wait}
";

/// Money: `KEYS[1]` holds what was spent in each part of the window, as the embedded window does. Arguments: microseconds
/// a part, parts that count, budget, wanted, owed; less than nothing owed comes back.
pub(super) const MONEY: &str = r"
local t = redis.call('TIME')
local now = t[1] * 1000000 + t[2]
local width, parts, budget = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local want, owed = tonumber(ARGV[4]), tonumber(ARGV[5])
local part = math.floor(now / width)
local all = redis.call('HGETALL', KEYS[1])
local sum, known, oldest = 0, {}, part
for i = 1, #all, 2 do
  local n, spent = tonumber(all[i]), tonumber(all[i + 1])
  if n + parts < part then
    redis.call('HDEL', KEYS[1], all[i])
  else
    known[n] = spent
    sum = sum + spent
    if spent > 0 and n < oldest then oldest = n end
  end
end
local back = math.max(0, -owed)
for n = part, part - parts, -1 do
  local less = math.min(back, known[n] or 0)
  if less > 0 then
    known[n] = known[n] - less
    redis.call('HSET', KEYS[1], string.format('%.0f', n), string.format('%.0f', known[n]))
    back = back - less
    sum = sum - less
  end
end
owed = math.max(0, owed)
sum = sum + owed
local grant = math.max(0, math.min(want, budget - sum))
if grant + owed > 0 then
  local spent = (known[part] or 0) + grant + owed
  redis.call('HSET', KEYS[1], string.format('%.0f', part), string.format('%.0f', spent))
end
redis.call('PEXPIRE', KEYS[1], math.ceil(width * (parts + 2) / 1000))
local wait = 0
if grant < want then wait = math.max(0, (oldest + parts + 1) * width - now) end
return {grant, math.ceil(wait)}
";

/// Places: `KEYS[1]` holds how many each gate has, and until when. Arguments: the gate, places in all, places that it has,
/// wanted, microseconds that they last.
pub(super) const SLOTS: &str = r"
local t = redis.call('TIME')
local now = t[1] * 1000000 + t[2]
local most, held, want, last = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
local all = redis.call('HGETALL', KEYS[1])
local sum = held
for i = 1, #all, 2 do
  local n, ends = string.match(all[i + 1], '^(%d+):(%d+)$')
  if not n or tonumber(ends) < now then
    redis.call('HDEL', KEYS[1], all[i])
  elseif all[i] ~= ARGV[1] then
    sum = sum + tonumber(n)
  end
end
local grant = math.max(0, math.min(want, most - sum))
if held + grant > 0 then
  redis.call('HSET', KEYS[1], ARGV[1], string.format('%.0f:%.0f', held + grant, now + last))
else
  redis.call('HDEL', KEYS[1], ARGV[1])
end
redis.call('PEXPIRE', KEYS[1], math.ceil(last / 1000) + 1)
local wait = 0
if grant < want then wait = 20000 end
return {grant, wait}
";
