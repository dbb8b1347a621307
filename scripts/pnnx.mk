# pnnx.mk - pattern rules for a user's Makefile: include it, ask for model.ncnn.param or model_pnnx.py, and only what
# changed is made again.
#
#     include /usr/local/share/pnnx/pnnx.mk
#     model.ncnn.param: PNNXSHAPE = inputshape=[1,3,224,224]
#
# PT2PNNX, PNNXSHAPE, PNNXOPT and PNNX2NCNN are the options of the stages; set them for a target (it passes them on to
# what it is made of) or for all.  PNNXBIN is the folder of the programs, with its slash; empty means PATH.
# Each stage's .bin is made together with its .param, which appears last: rules depend on the .param.

PNNXBIN   ?=
PT2PNNX   ?=
PNNXSHAPE ?=
PNNXOPT   ?=
PNNX2NCNN ?=

%.raw.param: %.pt
	$(PNNXBIN)pt2pnnx $(foreach o,$(PT2PNNX),'$o') $< $@ $*.raw.bin

%.shape.param: %.raw.param
	$(PNNXBIN)pnnxshape $(foreach o,$(PNNXSHAPE),'$o') $< $*.raw.bin $@ $*.shape.bin

%.pnnx.param: %.shape.param
	$(PNNXBIN)pnnxopt $(foreach o,$(PNNXOPT),'$o') $< $*.shape.bin $@ $*.pnnx.bin

%.ncnn.param: %.pnnx.param
	$(PNNXBIN)pnnx2ncnn $(foreach o,$(PNNX2NCNN),'$o') ncnnpy=$*_ncnn.py $< $*.pnnx.bin $@ $*.ncnn.bin

%_pnnx.py: %.pnnx.param
	$(PNNXBIN)pnnx2py $< $*.pnnx.bin $@

%_ncnn.py %.ncnn.bin: %.ncnn.param ;
%.raw.bin: %.raw.param ;
%.shape.bin: %.shape.param ;
%.pnnx.bin: %.pnnx.param ;

# What lies between the stages is what a user looks at and edits: make keeps it.
.PRECIOUS: %.raw.param %.shape.param %.pnnx.param %.ncnn.param
