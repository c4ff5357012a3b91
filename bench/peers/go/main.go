// The client "go" of bench/compare.sh: database/sql with Debian's go-sql-driver. Statements are
// prepared once; a text without parameters goes as text. TLS is a configuration of its own name.
package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"database/sql"
	"encoding/json"
	"fmt"
	"math/rand"
	"os"
	"runtime"
	"sort"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/go-sql-driver/mysql"
)

const rows = 10000

type statement struct {
	Sql    string
	Params int
}

type workload struct {
	Kind                  string
	Tls, Stream, Fortunes bool
	Reads, Writes         int
	Statements            []statement
}

type client struct {
	options  *options
	work     *workload
	db       *sql.DB
	prepared []*sql.Stmt
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "go:", err)
		os.Exit(1)
	}
}

func variable(name, otherwise string) string {
	if value := os.Getenv(name); value != "" {
		return value
	}
	return otherwise
}

// readConfig gives the data source name. TLS is used, and verified, where the pool's variables say so.
func readConfig(work *workload) string {
	mode := strings.ToUpper(os.Getenv("AURORA_SSL_MODE"))
	config := mysql.NewConfig()
	config.User = variable("AURORA_USER", "arla")
	config.Passwd = os.Getenv("AURORA_PASSWORD")
	config.Net = "tcp"
	config.Addr = variable("AURORA_HOST", "127.0.0.1") + ":" + variable("AURORA_PORT", "3306")
	config.DBName = variable("AURORA_DATABASE", "octane")
	verify := strings.HasPrefix(mode, "VERIFY")
	if verify {
		roots := x509.NewCertPool()
		pem, err := os.ReadFile(os.Getenv("AURORA_SSL_CA"))
		check(err)
		roots.AppendCertsFromPEM(pem)
		settings := &tls.Config{RootCAs: roots, ServerName: variable("AURORA_HOST", "127.0.0.1")}
		check(mysql.RegisterTLSConfig("compare", settings))
		config.TLSConfig = "compare"
	} else if work.Tls || mode == "REQUIRED" {
		config.TLSConfig = "skip-verify"
	}
	return config.FormatDSN()
}

func (c *client) open() {
	var err error
	c.db, err = sql.Open("mysql", readConfig(c.work))
	check(err)
	c.db.SetMaxOpenConns(c.options.connections)
	if c.work.Kind == "connect" {
		c.db.SetMaxOpenConns(0)
		c.db.SetMaxIdleConns(-1) // every statement opens a connection and closes it
		return
	}
	c.db.SetMaxIdleConns(c.options.connections)
	held := make([]*sql.Conn, c.options.connections)
	for i := range held {
		held[i], err = c.db.Conn(context.Background())
		check(err)
	}
	for _, connection := range held {
		check(connection.Close())
	}
	for _, each := range c.work.Statements {
		var stmt *sql.Stmt
		if each.Params > 0 {
			stmt, err = c.db.Prepare(each.Sql)
			check(err)
		}
		c.prepared = append(c.prepared, stmt)
	}
}

type fortune struct {
	id   int32
	text string
}

// read runs one statement and decodes every cell of its rows.
func (c *client) read(id int32) (count uint64) {
	var result *sql.Rows
	var err error
	if c.prepared != nil && c.prepared[0] != nil {
		result, err = c.prepared[0].Query(id)
	} else {
		result, err = c.db.Query(c.work.Statements[0].Sql)
	}
	check(err)
	columns, err := result.Columns()
	check(err)
	var numbers [4]int64
	var ratio float64
	var text, made sql.RawBytes
	var fortunes []fortune
	into := map[string]interface{}{"name": &text, "message": &text, "ratio": &ratio, "made": &made}
	targets := make([]interface{}, len(columns))
	for i, column := range columns {
		targets[i] = &numbers[i%4]
		if target, ok := into[column]; ok {
			targets[i] = target
		}
	}
	for result.Next() {
		check(result.Scan(targets...))
		count++
		if c.work.Fortunes {
			fortunes = append(fortunes, fortune{int32(numbers[0]), string(text)})
		}
	}
	check(result.Err())
	result.Close()
	if c.work.Fortunes {
		fortunes = append(fortunes, fortune{0, "Additional fortune added at request time."})
		sort.Slice(fortunes, func(i, k int) bool { return fortunes[i].text < fortunes[k].text })
	}
	return count
}

func (c *client) request(source *rand.Rand) (count uint64) {
	switch c.work.Kind {
	case "connect":
		return c.read(0)
	case "acquire":
		connection, err := c.db.Conn(context.Background())
		check(err)
		check(connection.Close())
		return 0
	}
	ids := make([]int32, c.work.Reads)
	for i := range ids {
		ids[i] = source.Int31n(rows) + 1
		count += c.read(ids[i])
	}
	for i := 0; i < c.work.Writes; i++ {
		_, err := c.prepared[1].Exec(source.Int31n(rows)+1, ids[i])
		check(err)
	}
	return count
}

// run lets the callers ask until the meter has enough. The warm-up is a run of its own.
func (c *client) run(m *meter) {
	var group sync.WaitGroup
	for i := 0; i < c.options.callers; i++ {
		group.Add(1)
		go func(seed int64) {
			defer group.Done()
			source := rand.New(rand.NewSource(seed))
			var own latencies
			var count uint64
			started := m.began
			for last := started; m.more(last); {
				count += c.request(source)
				last = now()
				own.add(uint64(last - started))
				started = last
			}
			m.lock.Lock()
			m.latencies.merge(&own)
			m.lock.Unlock()
			atomic.AddUint64(&m.rows, count)
		}(int64(i + 1))
	}
	group.Wait()
}

func versions() string {
	driver := variable("AURORA_COMPARE_GO_DRIVER", "of an unknown version")
	return "go-sql-driver " + driver + ", " + runtime.Version()
}

func readOptions() *options {
	o := &options{connections: 8}
	for i := 1; i < len(os.Args); i++ {
		if os.Args[i] == "--versions" {
			fmt.Println(versions())
			os.Exit(0)
		}
		if os.Args[i] == "--no-latency" {
			continue
		}
		if i+1 == len(os.Args) {
			check(fmt.Errorf("%s needs a value", os.Args[i]))
		}
		name, value := os.Args[i], os.Args[i+1]
		i++
		number, _ := strconv.ParseFloat(value, 64)
		switch name {
		case "--workload":
			o.workload = value
		case "--connections":
			o.connections = int(number)
		case "--callers":
			o.callers = int(number)
		case "--queries":
			o.queries = int64(number)
		case "--seconds":
			o.seconds = number
		case "--warmup":
			o.warmup = int64(number)
		default:
			check(fmt.Errorf("unknown option %s", name))
		}
	}
	if o.callers == 0 {
		o.callers = o.connections
	}
	if o.queries == 0 && o.seconds == 0 {
		o.seconds = 1
	}
	return o
}

func main() {
	o := readOptions()
	text, err := os.ReadFile(os.Getenv("AURORA_COMPARE_WORKLOADS"))
	check(err)
	workloads := map[string]*workload{}
	check(json.Unmarshal(text, &workloads))
	c := &client{options: o, work: workloads[o.workload]}
	if c.work == nil {
		check(fmt.Errorf("there is no such workload: %s", o.workload))
	}
	if c.work.Kind == "stall" {
		os.Exit(3)
	}
	if o.warmup == 0 {
		o.warmup = int64(o.callers)
		if c.work.Reads == 1 && !c.work.Stream {
			o.warmup = 200
		}
	}
	before := resident()
	c.open()
	opened := resident() - before
	if c.work.Kind == "connect" {
		opened = 0
	}
	c.run(newMeter(o.warmup, 0))
	m := newMeter(o.queries, o.seconds)
	c.run(m)
	m.report(o, opened)
	c.db.Close()
}
