package wire

// members remembers where the members of an object or the elements of an array stand, so
// that some of them can be cut out.
type members []member

type member struct {
	start, end int // of the whole, a name included
	cut        bool
}

// allCut reports whether nothing stays of what was there.
func (ms members) allCut() bool {
	for _, m := range ms {
		if !m.cut {
			return false
		}
	}
	return len(ms) > 0
}

// cuts removes what is marked, each with the comma that parts it from a neighbour that
// stays, and with the white space on that side, so that one member a line stays one
// member a line.
func (ms members) cuts() []Edit {
	var edits []Edit
	for i := 0; i < len(ms); {
		if !ms[i].cut {
			i++
			continue
		}
		first := i
		for i < len(ms) && ms[i].cut {
			i++
		}
		switch {
		case i < len(ms):
			edits = append(edits, Edit{Start: ms[first].start, End: ms[i].start})
		case first > 0:
			edits = append(edits, Edit{Start: ms[first-1].end, End: ms[i-1].end})
		default:
			edits = append(edits, Edit{Start: ms[first].start, End: ms[i-1].end})
		}
	}
	return edits
}
