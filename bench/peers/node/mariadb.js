// mariadb (the connector of MariaDB) by its callbacks: rows as arrays, execute() for prepared
// statements, and the pool's control of returned connections off, as its documentation advises for
// speed.
'use strict'
const mariadb = require('mariadb/callback')
let pool

require('./client.js')({
  name: 'mariadb',
  version: require('mariadb').version,

  open (config, size) {
    pool = mariadb.createPool({
      ...config,
      connectionLimit: size,
      minimumIdle: size,
      acquireTimeout: 120000,
      noControlAfterUse: true,
      rowsAsArray: true
    })
  },

  query (work, params, done) {
    if (params) pool.execute(work.sql, params, done)
    else pool.query(work.sql, done)
  },

  // Its pool cannot stream: on a connection of it.
  stream (work, onRow, done) {
    pool.getConnection((error, connection) => {
      if (error) return done(error)
      connection
        .queryStream(work.sql)
        .on('data', onRow)
        .on('error', done)
        .on('end', () => {
          connection.release()
          done(null)
        })
    })
  },

  acquire (done) {
    pool.getConnection((error, connection) => done(error, () => connection.release()))
  },

  connect (config, sql, done) {
    const connection = mariadb.createConnection({ ...config, rowsAsArray: true })
    connection.connect(error => {
      if (error) return done(error)
      connection.query(sql, failure => (failure ? done(failure) : connection.end(done)))
    })
  },

  close (done) {
    pool ? pool.end(done) : done()
  }
})
