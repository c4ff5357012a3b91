// mysql2 by its callbacks, which its documentation calls the fastest way: rows as arrays, execute()
// for prepared statements, rows as events for streaming.
'use strict'
const mysql2 = require('mysql2')
let pool

require('./client.js')({
  name: 'mysql2',
  version: require('mysql2/package.json').version,

  open (config, size) {
    pool = mysql2.createPool({ ...config, connectionLimit: size, maxIdle: size, rowsAsArray: true })
  },

  query (work, params, done) {
    if (params) pool.execute(work.sql, params, done)
    else pool.query(work.sql, done)
  },

  stream (work, onRow, done) {
    pool.query(work.sql).on('result', onRow).on('error', done).on('end', () => done(null))
  },

  acquire (done) {
    pool.getConnection((error, connection) => done(error, () => connection.release()))
  },

  connect (config, sql, done) {
    const connection = mysql2.createConnection({ ...config, rowsAsArray: true })
    connection.query(sql, error => {
      if (error) return done(error)
      connection.end(done)
    })
  },

  close (done) {
    pool ? pool.end(done) : done()
  }
})
