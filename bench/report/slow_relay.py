"""A relay that gives every answer late, as a network would.

libmariadb looks for the answer right after it has sent a statement. Whether it is there already
depends on what else the machine does, and with it the number of instructions and system calls. Late
answers make both repeatable: the answer is never there.

Usage: slow_relay.py HOST PORT MILLISECONDS COMMAND [ARGUMENT...]
Listens on a free port of 127.0.0.1, runs the command with AURORA_HOST and AURORA_PORT pointing there,
and ends with the command's exit status.
"""

import asyncio
import os
import sys


async def pump(reader, writer, delay):
    """Copies until the end; with a delay each piece that long after it came."""
    loop = asyncio.get_running_loop()
    last = None
    try:
        while piece := await reader.read(65536):
            if delay:
                last = loop.call_later(delay, writer.write, piece)
            else:
                writer.write(piece)
                await writer.drain()
        if last:
            await asyncio.sleep(max(0, last.when() - loop.time()))
    except ConnectionError:
        pass
    finally:
        writer.close()


async def main(host, port, milliseconds, *command):
    async def on_client(reader, writer):
        try:
            server_reader, server_writer = await asyncio.open_connection(host, int(port))
        except OSError:
            writer.close()
            return
        await asyncio.gather(
            pump(reader, server_writer, 0), pump(server_reader, writer, float(milliseconds) / 1000)
        )

    server = await asyncio.start_server(on_client, "127.0.0.1", 0)
    own_port = server.sockets[0].getsockname()[1]
    environment = dict(os.environ, AURORA_HOST="127.0.0.1", AURORA_PORT=str(own_port))
    process = await asyncio.create_subprocess_exec(*command, env=environment)
    status = await process.wait()
    server.close()
    return status if status >= 0 else 128 - status


if __name__ == "__main__":
    if len(sys.argv) < 5:
        sys.exit(__doc__)
    sys.exit(asyncio.run(main(*sys.argv[1:])))
