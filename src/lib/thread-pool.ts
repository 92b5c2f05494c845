// libuv's thread pool is the process's: its files, name look-ups, compression and ours. All that tells its size is the environment it was made from.

const DEFAULT_SIZE = 4
const LARGEST_SIZE = 1024

export function threadPoolSize(): number {
  const size = Number.parseInt(process.env.UV_THREADPOOL_SIZE ?? '', 10)
  return Number.isNaN(size) ? DEFAULT_SIZE : Math.min(Math.max(size, 1), LARGEST_SIZE)
}
