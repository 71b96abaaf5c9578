package extract

// WithoutFrames is for tests: no PDF is needed to have pages.
var WithoutFrames = withoutFrames
