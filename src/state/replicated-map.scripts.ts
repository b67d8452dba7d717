/**
 * A replicated map in Redis is three keys of one hash slot:
 *   donna:map:{name}          hash: key → "setAt expiresAt value" (ms of Redis's clock); field "" → epoch of the map
 *   donna:map:{name}:changes  sorted set: key by the version (µs of Redis's clock, strictly rising) of its last change
 *   donna:map:{name}:lives    sorted set: key by the end of its life
 * All three end with the last life. A new epoch means that Redis has lost the map meanwhile.
 */
export function mapKeys(name: string): string[] {
  const base = `donna:map:{${name}}`;
  return [base, `${base}:changes`, `${base}:lives`];
}

/**
 * Sets `ARGV[1]` to `ARGV[2]` for `ARGV[3]` ms, as of `ARGV[4]` ms ago: what was set later elsewhere stands. Drops what
 * is over, and past `ARGV[5]` entries what would be over first.
 */
export const SET_ENTRY = `
local time = redis.call('TIME')
local micros = time[1] * 1000000 + time[2]
local now = math.floor(micros / 1000)
local key, value, life, age, max = ARGV[1], ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
local setAt, expiresAt = now - age, now + life
local standing = redis.call('HGET', KEYS[1], key)
if standing then
  local theirs, ends = string.match(standing, '^(%d+) (%d+) ')
  if tonumber(ends) > now and tonumber(theirs) > setAt then return 0 end
end
local newest = redis.call('ZRANGE', KEYS[2], -1, -1, 'WITHSCORES')
local version = micros
if newest[2] and tonumber(newest[2]) >= version then version = tonumber(newest[2]) + 1 end
local text = string.format('%.0f', version)
redis.call('HSETNX', KEYS[1], '', text)
redis.call('HSET', KEYS[1], key, string.format('%.0f %.0f ', setAt, expiresAt) .. value)
redis.call('ZADD', KEYS[2], text, key)
redis.call('ZADD', KEYS[3], string.format('%.0f', expiresAt), key)
local over = redis.call('ZRANGEBYSCORE', KEYS[3], '-inf', string.format('%.0f', now), 'LIMIT', 0, 100)
local surplus = redis.call('ZCARD', KEYS[3]) - #over - max
if surplus > 0 then over = redis.call('ZRANGE', KEYS[3], 0, #over + surplus - 1) end
for _, gone in ipairs(over) do
  redis.call('HDEL', KEYS[1], gone)
  redis.call('ZREM', KEYS[2], gone)
  redis.call('ZREM', KEYS[3], gone)
end
local last = redis.call('ZRANGE', KEYS[3], -1, -1, 'WITHSCORES')
if last[2] then for _, name in ipairs(KEYS) do redis.call('PEXPIREAT', name, last[2]) end end
return 1`;

/** The epoch, Redis's time in ms, and at most `ARGV[2]` entries that changed after version `ARGV[1]`: version, key, text, … */
export const READ_CHANGES = `
local time = redis.call('TIME')
local now = string.format('%.0f', math.floor((time[1] * 1000000 + time[2]) / 1000))
local epoch = redis.call('HGET', KEYS[1], '')
local found = redis.call('ZRANGEBYSCORE', KEYS[2], '(' .. ARGV[1], '+inf', 'WITHSCORES', 'LIMIT', 0, ARGV[2])
local answer = { epoch or '', now }
for i = 1, #found, 2 do
  local text = redis.call('HGET', KEYS[1], found[i])
  if text then
    answer[#answer + 1] = string.format('%.0f', found[i + 1])
    answer[#answer + 1] = found[i]
    answer[#answer + 1] = text
  end
end
return answer`;
