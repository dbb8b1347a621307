"""Cases: torch.nn.functional."""
import torch
import torch.nn.functional as F

from operators import bools, function, ints, positive, tensor

X1, X2, X3 = (2, 4, 12), (2, 4, 10, 12), (2, 4, 6, 8, 10)
FLAT, IMAGE = (3, 10), (2, 4, 8, 8)

# Activations: as functions, as functions of torch, as methods, in place
for name in ("celu", "elu", "gelu", "hardshrink", "hardsigmoid", "hardswish", "hardtanh", "leaky_relu", "logsigmoid", "mish",
             "relu", "relu6", "selu", "sigmoid", "silu", "softplus", "softshrink", "softsign", "tanh", "tanhshrink", "rrelu"):
    function(f"F.{name}", getattr(F, name), IMAGE, also=[[(5,)]])
for name in ("celu", "elu", "hardsigmoid", "hardswish", "hardtanh", "leaky_relu", "mish", "relu", "relu6", "selu", "silu"):
    function(f"F.{name}", lambda x, f=getattr(F, name): f(x + 1, inplace=True), IMAGE)
function("F.relu", lambda x: torch.relu(x), FLAT)
function("F.relu", lambda x: x.relu(), FLAT)
function("F.relu", lambda x: (x * 2).relu_(), FLAT)
function("F.sigmoid", lambda x: torch.sigmoid(x), FLAT)
function("F.sigmoid", lambda x: x.sigmoid(), FLAT)
function("F.sigmoid", lambda x: (x + 1).sigmoid_(), FLAT)
function("F.tanh", lambda x: torch.tanh(x), FLAT)
function("F.celu", lambda x: F.celu(x, alpha=0.5), FLAT)
function("F.elu", lambda x: F.elu(x, alpha=0.5), FLAT)
function("F.gelu", lambda x: F.gelu(x, approximate="tanh"), FLAT)
function("F.glu", F.glu, FLAT)
function("F.glu", lambda x: F.glu(x, dim=1), IMAGE)
function("F.hardshrink", lambda x: F.hardshrink(x, 0.2), FLAT)
function("F.hardtanh", lambda x: F.hardtanh(x, -0.5, 0.7), FLAT)
function("F.leaky_relu", lambda x: F.leaky_relu(x, 0.2), FLAT)
function("F.log_softmax", lambda x: F.log_softmax(x, dim=1), IMAGE)
function("F.log_softmax", lambda x: x.log_softmax(-1), FLAT)
function("F.prelu", F.prelu, IMAGE, tensor(torch.tensor([0.3])))
function("F.prelu", F.prelu, IMAGE, (4,))
function("F.rrelu", lambda x: F.rrelu(x, 0.2, 0.4), FLAT)
function("F.softmax", lambda x: F.softmax(x, dim=1), IMAGE)
function("F.softmax", lambda x: x.softmax(-1), FLAT)
function("F.softmax", lambda x: torch.softmax(x, 0), FLAT)
function("F.softmax", lambda x: F.softmax(x, dim=1, dtype=torch.double), FLAT)
function("F.softmin", lambda x: F.softmin(x, dim=1), FLAT)
function("F.softplus", lambda x: F.softplus(x, 2, 5), FLAT)
function("F.softshrink", lambda x: F.softshrink(x, 0.2), FLAT)
function("F.threshold", lambda x: F.threshold(x, 0.1, 20), FLAT)
function("F.logsigmoid", lambda x: F.logsigmoid(x), FLAT)
function("", lambda x: F.gumbel_softmax(x, dim=1).sum(1), FLAT, absent=())

# Convolutions, linear, embedding with weights that are inputs
for n, x, w in ((1, X1, (6, 4, 3)), (2, X2, (6, 4, 3, 3)), (3, X3, (6, 4, 3, 3, 3))):
    conv, trans = getattr(F, f"conv{n}d"), getattr(F, f"conv_transpose{n}d")
    wt = (4, 6) + w[2:]
    function(f"F.conv{n}d", conv, x, w, also=[[x, w]])
    function(f"F.conv{n}d", conv, x, w, (6,))
    function(f"F.conv{n}d", lambda x, w, f=conv: f(x, w, stride=2, padding=1, dilation=1), x, w)
    function(f"F.conv{n}d", lambda x, w, f=conv: f(x, w, groups=2), x, (6, 2) + w[2:])
    function(f"F.conv{n}d", lambda x, w, f=conv: f(x, w, padding="same"), x, w)
    function(f"F.conv_transpose{n}d", trans, x, wt)
    function(f"F.conv_transpose{n}d", lambda x, w, b, f=trans: f(x, w, b, stride=2, padding=1, output_padding=1), x, wt, (6,))
    function(f"F.conv_transpose{n}d", lambda x, w, f=trans: f(x, w, groups=2, dilation=2), x, (4, 3) + w[2:])
function("F.linear", F.linear, FLAT, (5, 10))
function("F.linear", F.linear, (2, 3, 10), (5, 10), (5,))
function("F.linear", lambda x, w: torch.matmul(x, w.t()), FLAT, (5, 10))
function("F.linear", lambda b, x, w: torch.addmm(b, x, w.t()), (5,), FLAT, (5, 10))
function("F.embedding", F.embedding, ints(10, 2, 5), (10, 6))
function("F.embedding", lambda i, w: F.embedding(i, w, padding_idx=2), ints(10, 7), (10, 6))
function("F.bilinear", F.bilinear, (3, 4), (3, 5), (6, 4, 5))
function("F.embedding_bag", F.embedding_bag, ints(10, 2, 5), (10, 6))
function("F.embedding_bag", lambda i, w, o: F.embedding_bag(i, w, o, mode="max"), ints(10, 8), (10, 6), tensor(torch.tensor([0, 3])))
function("F.embedding_bag", lambda i, w, s: F.embedding_bag(i, w, per_sample_weights=s, mode="sum"), ints(10, 2, 5), (10, 6), (2, 5))
function("F.one_hot", lambda i: F.one_hot(i, 10), ints(10, 5), absent=())

# Normalization
C4 = [(4,), positive(4)]
function("F.batch_norm", lambda x, m, v: F.batch_norm(x, m, v), X2, *C4)
function("F.batch_norm", lambda x, m, v, w, b: F.batch_norm(x, m, v, w, b, eps=1e-3), X1, *C4, (4,), (4,))
function("", lambda x: F.batch_norm(x, None, None, training=True), X2, absent=())
function("F.instance_norm", lambda x: F.instance_norm(x), X2)
function("F.instance_norm", lambda x, w, b: F.instance_norm(x, None, None, w, b, eps=1e-3), X1, (4,), (4,))
function("", lambda x, m, v: F.instance_norm(x, m, v, use_input_stats=False), X2, *C4, absent=())
function("F.group_norm", lambda x: F.group_norm(x, 2), X2)
function("F.group_norm", lambda x, w, b: F.group_norm(x, 2, w, b, 1e-3), X2, (4,), (4,))
function("F.layer_norm", lambda x: F.layer_norm(x, (10,)), FLAT)
function("F.layer_norm", lambda x, w, b: F.layer_norm(x, (10,), w, b, 1e-3), (2, 3, 10), (10,), (10,))
function("F.layer_norm", lambda x: F.layer_norm(x, x.shape[1:]), IMAGE, also=[[IMAGE]])
function("F.rms_norm", lambda x: F.rms_norm(x, (10,)), FLAT)
function("F.rms_norm", lambda x, w: F.rms_norm(x, (10,), w, 1e-3), FLAT, (10,))
function("F.local_response_norm", lambda x: F.local_response_norm(x, 3), X1)
function("F.local_response_norm", lambda x: F.local_response_norm(x, 4, 0.01, 0.5, 2), X2)
function("F.local_response_norm", lambda x: F.local_response_norm(x, 2), X3)
function("F.normalize", lambda x: F.normalize(x), FLAT)
function("F.normalize", lambda x: F.normalize(x, p=1, dim=-1, eps=1e-3), IMAGE)

# Pooling
for n, x in ((1, X1), (2, X2), (3, X3)):
    def f(name, n=n):
        return getattr(F, f"{name}{n}d")
    k = (3,) * n
    function(f"F.max_pool{n}d", lambda x, f=f("max_pool"): f(x, 3), x)
    function(f"F.max_pool{n}d", lambda x, f=f("max_pool"): f(x, 3, 2, 1, 1, True), x)
    function(f"F.max_pool{n}d", lambda x, f=f("max_pool"): f(x, 3, return_indices=True), x)
    function(f"F.avg_pool{n}d", lambda x, f=f("avg_pool"): f(x, 3), x)
    function(f"F.avg_pool{n}d", lambda x, f=f("avg_pool"), k=k: f(x, k, 2, 1, True, False), x)
    function(f"F.adaptive_avg_pool{n}d", lambda x, f=f("adaptive_avg_pool"): f(x, 1), x)
    function(f"F.adaptive_avg_pool{n}d", lambda x, f=f("adaptive_avg_pool"): f(x, 3), x)
    function(f"F.adaptive_max_pool{n}d", lambda x, f=f("adaptive_max_pool"): f(x, 3), x)
    function(f"F.adaptive_max_pool{n}d", lambda x, f=f("adaptive_max_pool"): f(x, 3, return_indices=True), x)
    function(f"F.lp_pool{n}d", lambda x, f=f("lp_pool"): f(x, 2, 3), x)
    function(f"F.lp_pool{n}d", lambda x, f=f("lp_pool"): f(x, 1.0, 3, 2, True), x)
function("F.avg_pool2d", lambda x: F.avg_pool2d(x, 2, divisor_override=3), X2)
function("F.adaptive_avg_pool2d", lambda x: F.adaptive_avg_pool2d(x, (None, 3)), X2, also=[[(1, 4, 7, 9)]])
function("F.adaptive_avg_pool2d", lambda x: F.adaptive_avg_pool2d(x, (x.size(2), 3)), (4, 8, 9))
function("F.adaptive_avg_pool3d", lambda x: F.adaptive_avg_pool3d(x, (None, 3, None)), X3, also=[[(1, 4, 5, 7, 9)]])
function("F.lp_pool2d", lambda x: F.lp_pool2d(x, 3, (2, 3), (1, 2)), X2)
function("F.lp_pool2d", lambda x: F.lp_pool2d(x.relu(), 3.0, 3, 2), X2)
function("F.lp_pool1d", lambda x: F.lp_pool1d(x, 5.0, 2), (1, 3, 9))
for n, x, size in ((1, (1, 3, 11), 4), (2, (2, 3, 7, 10), (3, 7)), (2, (3, 5, 5), (5, 2)), (3, (1, 2, 4, 5, 3), (3, 1, 2))):
    function("", lambda x, f=getattr(F, f"adaptive_max_pool{n}d"), s=size: f(x.relu(), s, return_indices=True), x)
function("F.conv_transpose3d", lambda x, w, b: F.conv_transpose3d(x, w, b, stride=(3, 1, 2), padding=(1, 0, 0), output_padding=(2, 0, 1)), (1, 3, 3, 4, 5), (3, 2, 2, 2, 3), (2,))
function("F.conv3d", lambda x, w, b: F.conv3d(x, w.tanh(), b * 2, stride=(1, 2, 1), padding="valid", dilation=(2, 1, 1)), (1, 3, 6, 4, 5), (4, 3, 2, 2, 3), (4,))

# Padding
for pad in ((1, 2), (1, 2, 0, 1), (-1, 2)):
    function("F.pad", lambda x, p=pad: F.pad(x, p), X2)
function("F.pad", lambda x: F.pad(x, (1, 2), value=3.5), X2)
function("F.pad", lambda x: F.pad(x, (2, 0), mode="reflect", value=0.0), (1, 3, 8))
for mode in ("reflect", "replicate", "circular"):
    function("F.pad", lambda x, m=mode: F.pad(x, (1, 2), mode=m), X1)
    function("F.pad", lambda x, m=mode: F.pad(x, (1, 2, 2, 1), mode=m), X2)
    function("F.pad", lambda x, m=mode: F.pad(x, (1, 2, 2, 1, 0, 1), mode=m), X3)
function("F.pad", lambda x: F.pad(x, (0, x.shape[-1] % 5)), X2, also=[[(2, 4, 10, 13)]])

# Resizing
for x, modes in ((X1, ("nearest", "linear", "nearest-exact", "area")), (X2, ("nearest", "bilinear", "bicubic", "nearest-exact", "area")),
                 (X3, ("nearest", "trilinear", "nearest-exact", "area"))):
    for mode in modes:
        expect = {"nearest-exact": "F.interpolate", "area": f"F.adaptive_avg_pool{len(x) - 2}d"}.get(mode, "")
        function(expect, lambda x, m=mode: F.interpolate(x, scale_factor=2, mode=m), x, absent=())
        function(expect, lambda x, m=mode, n=len(x) - 2: F.interpolate(x, size=(7, 9, 5)[:n], mode=m), x, absent=())
        if mode.endswith(("linear", "cubic")):
            function("", lambda x, m=mode: F.interpolate(x, scale_factor=1.5, mode=m, align_corners=True), x)
function("", lambda x: F.interpolate(x, scale_factor=(1.5, 2.5)), X2)
function("F.interpolate", lambda x: F.interpolate(x, scale_factor=1.7, recompute_scale_factor=True), X2, also=[[(1, 4, 7, 9)]], absent=())
function("F.interpolate", lambda x: F.interpolate(x, scale_factor=1.7, mode="bilinear", recompute_scale_factor=True), X2, absent=())
function("F.interpolate", lambda x: F.interpolate(x, scale_factor=1.7, mode="linear", recompute_scale_factor=True), X1, absent=())
function("F.interpolate", lambda x: F.interpolate(x, scale_factor=1.7, recompute_scale_factor=True), X1)
function("F.interpolate", lambda x: F.interpolate(x, scale_factor=(1.7, 1.3, 0.8), recompute_scale_factor=True), X3)
function("F.interpolate", lambda x: F.interpolate(x, scale_factor=1.7, mode="trilinear", recompute_scale_factor=True), X3)
function("F.interpolate", lambda x: F.interpolate(x, scale_factor=2.1, recompute_scale_factor=True), (1, 2, 10, 20))    # 21, not 20
function("F.interpolate", lambda x: F.interpolate(x, scale_factor=1.7, mode="nearest-exact", recompute_scale_factor=True), X2)
function("", lambda x, y: F.interpolate(x, size=y.shape[2:], mode="bilinear"), X2, (1, 1, 7, 9), also=[[X2, (1, 1, 5, 6)]], absent=())
function("", lambda x: F.interpolate(x, scale_factor=0.5, mode="bilinear", antialias=True), X2, absent=())
function("", lambda x: F.upsample(x, scale_factor=2), X2)
function("", lambda x: F.upsample_nearest(x, scale_factor=2), X2)
function("", lambda x: F.upsample_bilinear(x, size=(20, 30)), X2)
function("F.pixel_shuffle", lambda x: F.pixel_shuffle(x, 2), X2)
function("F.pixel_unshuffle", lambda x: F.pixel_unshuffle(x, 2), X2)
function("F.channel_shuffle", lambda x: F.channel_shuffle(x, 2), X2)
function("F.affine_grid", lambda t: F.affine_grid(t, (2, 3, 5, 6), align_corners=False), (2, 2, 3))
for mode in ("bilinear", "nearest", "bicubic"):
    for padding in ("zeros", "border", "reflection"):
        function("F.grid_sample", lambda x, g, m=mode, p=padding: F.grid_sample(x, g, m, p, align_corners=m == "nearest"), X2, (2, 5, 6, 2))
function("F.grid_sample", lambda x, g: F.grid_sample(x, g, align_corners=True), X3, (2, 3, 5, 6, 3))
function("F.fold", lambda x: F.fold(x, (6, 6), (3, 3)), (2, 36, 16))
function("F.unfold", lambda x: F.unfold(x, 3, dilation=2, padding=1, stride=2), X2)

# Dropout
for name, x in (("dropout", FLAT), ("dropout2d", X2), ("alpha_dropout", FLAT), ("feature_alpha_dropout", X2)):
    function(f"F.{name}", lambda x, f=getattr(F, name): f(x, 0.3, training=False), x)
function("F.dropout3d", lambda x: F.dropout3d(x, 0.3, training=False), X3)
function("F.dropout2d", lambda x: F.dropout1d(x, 0.3, training=False), X1)

# Attention
QKV = [(2, 3, 5, 8)] * 3
function("F.scaled_dot_product_attention", F.scaled_dot_product_attention, *QKV)
function("F.scaled_dot_product_attention", lambda q, k, v, m: F.scaled_dot_product_attention(q, k, v, m), *QKV, (5, 5))
function("F.scaled_dot_product_attention", lambda q, k, v: F.scaled_dot_product_attention(q, k, v, is_causal=True, scale=0.3), *QKV)
function("F.scaled_dot_product_attention", lambda q, k, v: F.scaled_dot_product_attention(q, k, v, enable_gqa=True),
         (2, 6, 5, 8), (2, 3, 5, 8), (2, 3, 5, 8))

# Distances, losses
function("F.cosine_similarity", F.cosine_similarity, FLAT, FLAT)
function("F.pairwise_distance", F.pairwise_distance, FLAT, FLAT)
function("F.pdist", F.pdist, FLAT, absent=())
for name in ("l1_loss", "mse_loss", "smooth_l1_loss", "huber_loss", "soft_margin_loss"):
    function(f"F.{name}", getattr(F, name), FLAT, FLAT)
    function(f"F.{name}", lambda x, y, f=getattr(F, name): f(x, y, reduction="sum"), FLAT, FLAT)
function("F.binary_cross_entropy", F.binary_cross_entropy, lambda: torch.rand(3, 4), lambda: torch.rand(3, 4))
function("F.binary_cross_entropy_with_logits", F.binary_cross_entropy_with_logits, (3, 4), lambda: torch.rand(3, 4))
function("F.cross_entropy", F.cross_entropy, FLAT, ints(10, 3))
function("F.nll_loss", F.nll_loss, FLAT, ints(10, 3))
function("F.kl_div", lambda x, y: F.kl_div(x, y, reduction="sum"), FLAT, positive(*FLAT))
for reduction in ("none", "mean", "sum"):
    for name in ("margin_ranking_loss", "cosine_embedding_loss"):
        shape = (5,) if name == "margin_ranking_loss" else FLAT
        function(f"F.{name}", lambda x, y, t, f=getattr(F, name), r=reduction: f(x, y, t.sign(), 0.1, reduction=r), shape, shape, shape[:1])
    function("F.hinge_embedding_loss", lambda x, t, r=reduction: F.hinge_embedding_loss(x, t.sign(), reduction=r), FLAT, FLAT)
    function("F.triplet_margin_loss", lambda x, y, z, r=reduction: F.triplet_margin_loss(x, y, z, reduction=r), FLAT, FLAT, FLAT)
    function("F.multi_margin_loss", lambda x, t, r=reduction: F.multi_margin_loss(x, t, reduction=r), FLAT, ints(10, 3))
    function("F.poisson_nll_loss", lambda x, t, r=reduction: F.poisson_nll_loss(x, t, reduction=r), FLAT, positive(*FLAT))
    function("F.cross_entropy", lambda x, t, r=reduction: F.cross_entropy(x, t, reduction=r), (3, 10, 4), ints(10, 3, 4))
    function("F.ctc_loss", lambda x, t, r=reduction: F.ctc_loss(x.log_softmax(2), t, torch.tensor([10, 10]), torch.tensor([4, 3]), reduction=r),
             (10, 2, 6), ints(6, 2, 4, low=1))
