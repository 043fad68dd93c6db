// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Vacant} from "../../src/disputes/Vacant.sol";
import {Test} from "../support/Test.sol";

/// What holds a place takes nothing and does nothing, whatever it is asked.
contract VacantTest is Test {
    function testFuzz_it_refuses_every_call(bytes memory data) external {
        Vacant vacant = new Vacant();
        vm.assertTrue(address(vacant).code.length > 0, "nothing can be put there any more");
        (bool done,) = address(vacant).call(data);
        vm.assertFalse(done, "refused");
        vm.deal(address(this), 1);
        (done,) = address(vacant).call{value: 1}("");
        vm.assertFalse(done, "refused");
    }
}
