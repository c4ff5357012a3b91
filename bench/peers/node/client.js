// The clients of bench/compare.sh on node: workloads and measuring. mysql2.js and mariadb.js give the
// driver. Usage: node mysql2.js --workload W1 --connections 8 --callers 8 --seconds 1
//
// A driver is { name, version, open(config, size, done), query(work, params, done(error, rows)),
// stream(work, onRow, done), acquire(done(error, release)), connect(config, sql, done), close(done) }.
// Times are CLOCK_MONOTONIC (process.hrtime).
'use strict'
const fs = require('fs')

const ROWS = 10000

function readOptions () {
  const options = { connections: 8, callers: 0, queries: Infinity, seconds: 0, warmup: -1 }
  for (let i = 2; i < process.argv.length; i++) {
    const name = process.argv[i].slice(2)
    if (name === 'versions') return { versions: true }
    if (name === 'no-latency') continue
    const value = process.argv[++i]
    options[name] = name === 'workload' ? value : Number(value)
  }
  const workloads = JSON.parse(fs.readFileSync(process.env.AURORA_COMPARE_WORKLOADS))
  options.work = workloads[options.workload]
  if (!options.work) throw new Error('there is no such workload: ' + options.workload)
  options.callers = options.callers || options.connections
  if (options.queries === Infinity && !options.seconds) options.seconds = 1
  if (options.warmup < 0) {
    options.warmup = options.work.reads === 1 && !options.work.stream ? 200 : options.callers
  }
  return options
}

function readConfig (work) {
  const env = process.env
  const mode = env.AURORA_SSL_MODE || ''
  const verify = /^verify/i.test(mode)
  const config = {
    host: env.AURORA_HOST || '127.0.0.1',
    port: Number(env.AURORA_PORT || 3306),
    user: env.AURORA_USER || 'arla',
    password: env.AURORA_PASSWORD || '',
    database: env.AURORA_DATABASE || 'octane'
  }
  if (work.tls || verify || /^required$/i.test(mode)) {
    config.ssl = verify && env.AURORA_SSL_CA
      ? { ca: fs.readFileSync(env.AURORA_SSL_CA) }
      : { rejectUnauthorized: false }
  }
  return config
}

// Counts in buckets of at most 0.8 %, as latency.c does.
class Latencies {
  constructor () {
    this.buckets = new Uint32Array(128 * 36)
    this.count = 0
    this.max = 0
  }

  add (ns) {
    let bucket = ns
    if (ns >= 128) {
      const shift = Math.max(0, Math.floor(Math.log2(ns)) - 7)
      bucket = Math.min(this.buckets.length - 1, shift * 128 + Math.floor(ns / 2 ** shift))
    }
    this.buckets[Math.floor(bucket)]++
    this.count++
    if (ns > this.max) this.max = ns
  }

  quantile (part) {
    const rank = Math.floor(part * (this.count - 1))
    for (let i = 0, seen = 0; i < this.buckets.length; i++) {
      seen += this.buckets[i]
      if (seen > rank) {
        const shift = i < 256 ? 0 : Math.floor(i / 128) - 1
        return Math.min(this.max, (i - shift * 128 + (shift ? 0.5 : 0)) * 2 ** shift) / 1000
      }
    }
    return 0
  }
}

const nanoseconds = () => {
  const [seconds, rest] = process.hrtime()
  return seconds * 1e9 + rest
}

class Meter {
  constructor (options) {
    this.options = options
    this.latencies = new Latencies()
    this.unsent = options.queries + options.warmup
    this.toWarm = options.warmup
    this.done = this.rows = 0
    this.until = Infinity
    this.last = nanoseconds()
    if (!this.toWarm) this.begin()
  }

  begin () {
    this.done = this.rows = 0
    this.cpu = process.cpuUsage()
    this.began = nanoseconds()
    if (this.options.seconds) this.until = this.began + this.options.seconds * 1e9
  }

  more () {
    return this.last < this.until && this.unsent-- > 0
  }

  ended (startedAt) {
    this.last = nanoseconds()
    if (!this.toWarm) this.latencies.add(this.last - startedAt)
    this.done++
    if (this.toWarm && --this.toWarm === 0) this.begin()
    return this.last
  }

  report (driver, openRss) {
    const cpu = process.cpuUsage(this.cpu)
    const { workload, connections, callers } = this.options
    console.log(JSON.stringify({
      client: driver.name,
      workload,
      connections,
      callers,
      queries: this.done,
      rows: this.rows,
      seconds: (nanoseconds() - this.began) / 1e9,
      cpu_user: cpu.user / 1e6,
      cpu_system: cpu.system / 1e6,
      p50_us: this.latencies.quantile(0.5),
      p99_us: this.latencies.quantile(0.99),
      max_us: this.latencies.max / 1000,
      open_rss_kb: openRss,
      peak_rss_kb: peak(),
      versions: versions(driver)
    }))
  }
}

// The most memory that was resident. Not process.resourceUsage, which knows that of the parent, too.
const peak = () => Number(/VmHWM:\s*(\d+)/.exec(fs.readFileSync('/proc/self/status'))[1])
const versions = driver => `${driver.name} ${driver.version}, node ${process.versions.node}`
const random = () => Math.floor(Math.random() * ROWS) + 1

function fail (error) {
  console.error(error)
  process.exit(1)
}

// One request: its statements, one after the other.
function request (driver, work, meter, done) {
  const ids = []
  let step = 0
  const next = (error, rows) => {
    if (error) fail(error)
    if (rows && rows.length) {
      meter.rows += rows.length
      if (work.fortunes) {
        rows.push([0, 'Additional fortune added at request time.'])
        rows.sort((a, b) => (a[1] < b[1] ? -1 : 1))
      }
    }
    const at = step++
    if (at < work.reads) {
      const statement = work.statements[0]
      if (statement.params) ids.push(random())
      if (work.stream) driver.stream(statement, () => meter.rows++, next)
      else driver.query(statement, statement.params ? [ids[at]] : null, next)
    } else if (at - work.reads < work.writes) {
      driver.query(work.statements[1], [random(), ids[at - work.reads]], next)
    } else {
      done()
    }
  }
  next()
}

function operation (driver, config, work, meter, done) {
  switch (work.kind) {
    case 'requests':
      return request(driver, work, meter, done)
    case 'connect':
      return driver.connect(config, work.statements[0].sql, error => (error ? fail(error) : done()))
    case 'acquire':
      return driver.acquire((error, release) => {
        if (error) fail(error)
        release()
        done()
      })
  }
}

// Every connection is opened and used before anything is measured.
function warm (driver, connections, done) {
  let left = connections
  const releases = []
  for (let i = 0; i < connections; i++) {
    driver.acquire((error, release) => {
      if (error) fail(error)
      releases.push(release)
      if (--left === 0) {
        releases.forEach(each => each())
        setImmediate(done)
      }
    })
  }
}

function measure (driver, options, config, openRss) {
  const meter = new Meter(options)
  let busy = 0
  const leave = () => {
    if (--busy > 0) return
    meter.report(driver, openRss)
    driver.close(() => process.exit(0))
  }
  // A loop for those that are answered at once: by recursion the stack would grow.
  const caller = startedAt => {
    for (let again = true; again;) {
      if (!meter.more()) return leave()
      let inside = true
      again = false
      operation(driver, config, options.work, meter, () => {
        startedAt = meter.ended(startedAt)
        if (inside) again = true
        else caller(startedAt)
      })
      inside = false
    }
  }
  busy = options.callers
  for (let i = 0; i < options.callers; i++) caller(meter.last)
}

module.exports = function run (driver) {
  const options = readOptions()
  if (options.versions) return console.log(versions(driver))
  if (options.work.kind === 'stall') process.exit(3)
  const config = readConfig(options.work)
  if (options.work.kind === 'connect') return measure(driver, options, config, 0)
  const before = process.memoryUsage.rss()
  driver.open(config, options.connections)
  warm(driver, options.connections, () => {
    const after = process.memoryUsage.rss()
    measure(driver, options, config, Math.round((after - before) / 1024))
  })
}
