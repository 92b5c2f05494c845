// A process that does nothing, as a control of the stalls beside it: what it stands still for, the machine does, or whoever else has the cores. A program of its own,
// which answers what the watch answers and ends with its channel.

import './stall-watch.ts'

process.channel!.ref()
