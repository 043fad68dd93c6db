/** LOST: another engineer overwrote this file by mistake at 13:11; its author in the node part: please write your version again. */
