# Prints all ```c blocks of README.md between the heading given as -v heading=... and the next of its
# level.
$0 == heading { seen = 1; next }
seen && /^## / { exit }
seen && $0 == "```c" { inside = 1; found++; next }
inside && $0 == "```" { inside = 0; print ""; next }
inside { print }
END { exit !found }
