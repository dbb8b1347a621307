/* attention.h - what an invocation of nn.MultiheadAttention is made of.
 *
 * torch.nn.functional.multi_head_attention_forward traces to some fifty calls.  The rules find the invocation and say
 * which calls it may have; what follows from the way through them is computed here.  In each function the first
 * argument is a call of the invocation, from which the others are found; what does not look as foreseen is unknown, and
 * the calls stay. */
#ifndef PT2PNNX_ATTENTION_H
#define PT2PNNX_ATTENTION_H

#include "common/rewrite/rewrite.h"

/* (call, inputs of the invocation, its result, its weights or absent): [embed_dim, kdim, vdim, bias, add_bias_kv,
 * add_zero_attn, batch_first].  Unknown when an input is none of query, key, value and mask, or a result is another. */
bool attention_options(struct rule_call *call);
/* (call, 0|1|2): the query; the key, absent when it is the query; the value, absent when it is the key. */
bool attention_input(struct rule_call *call);
/* (call): the mask as the caller gave it, or absent; of a mask that was folded, its last two axes. */
bool attention_mask(struct rule_call *call);
/* (call): the weights under the names that torch.nn gives them. */
bool attention_weights(struct rule_call *call);

#endif
