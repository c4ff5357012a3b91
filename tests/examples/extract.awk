# Prints the first ```c block of README.md after the heading given as -v heading=...
$0 == heading { seen = 1; next }
seen && $0 == "```c" { inside = 1; next }
inside && $0 == "```" { found = 1; exit }
inside { print }
END { exit !found }
