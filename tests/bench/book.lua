-- wrk: every request is a booking of its own, on a free half hour. `turn` is set by who runs it.
local threads = 0

function setup(thread)
    thread:set("mine", threads)
    threads = threads + 1
end

local number = 0

function request()
    number = number + 1
    local id = string.format("b-%d-%d-%d", turn, mine, number)
    local person = mine * 32 + number % 32
    local slot = turn * 4000 + math.floor(number / 32)
    local start = 1798761600 + slot * 1800 -- 2027-01-01
    local body = string.format('{"staff":"p%d","start":"%s","end":"%s","zone":"UTC","title":"Haircut"}', person,
        os.date("!%Y-%m-%dT%H:%M:%S", start), os.date("!%Y-%m-%dT%H:%M:%S", start + 1800))
    return wrk.format("PUT", "/v1/appointments/" .. id, {
        ["Authorization"] = wrk.headers["Authorization"], ["Content-Type"] = "application/json", ["Idempotency-Key"] = id,
    }, body)
end
