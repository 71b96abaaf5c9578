package gateway

// stage is a step of the pipeline: a metric label and the "stage" of an error.
type stage string

const (
	stageAuthenticate stage = "authenticate"
	stageDecode       stage = "decode"
	stageUnderstand   stage = "understand"
	stageRetrieve     stage = "retrieve"
	stageInject       stage = "inject"
	stageForward      stage = "forward"
	stageGround       stage = "ground"
	stageAnswer       stage = "answer"
	stageRoute        stage = "route"
)

// measured runs one stage and records how long it took and how it ended.
func measured[T any](s *Server, st stage, run func() (T, error)) (T, error) {
	start := s.opt.Now()
	out, err := run()
	s.ObserveStage(string(st), s.opt.Now().Sub(start), err)
	return out, err
}
