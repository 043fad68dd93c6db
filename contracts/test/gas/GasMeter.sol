// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {BlockWork} from "../support/BlockWork.sol";

interface VmGas {
    struct Gas {
        uint64 limit;
        uint64 total;
        uint64 memoryUsed;
        int64 refunded;
        uint64 remaining;
    }

    function lastCallGas() external view returns (Gas memory);
}

/// What the last call cost, as a transaction of its own: tests that ask run isolated.
abstract contract GasMeter is BlockWork {
    VmGas private constant meter = VmGas(address(vm));

    function gasOfLastCall() internal view returns (uint256) {
        return meter.lastCallGas().total;
    }
}
