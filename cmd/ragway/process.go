package main

import (
	"crypto/rand"
	"fmt"
	"os"
	"strings"
)

// processOwner names this process on a lease: host, the space its number counts in, that
// number, and a part that no later process with the same number shares.
func processOwner() string {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	return fmt.Sprintf("%s/%s/%d/%s", host, processSpace(), os.Getpid(), rand.Text()[:8])
}

// ownerIsDead reports whether owner was a process that has ended, as after kill -9: its
// lease need not be waited for. It is false wherever that cannot be known: of another
// machine or container, whatever its host name, and of this one before it was started again.
func ownerIsDead(owner string) bool {
	parts := strings.Split(owner, "/")
	space := processSpace()
	return len(parts) == 4 && space != unknownSpace && parts[1] == space && processIsDead(parts[2])
}

// unknownSpace is where processes of other machines may have the same numbers.
const unknownSpace = "-"
